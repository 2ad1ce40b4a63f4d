//go:build builtinassets

// Upstream makes this file from a template, for compressed assets; ours embeds them as they are.

package ui

import "embed"

//go:embed static
var EmbedFS embed.FS
