package provider

import (
	"context"
	"fmt"

	providerresource "github.com/pulumi/pulumi-kubernetes/provider/v4/pkg/provider/resource"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
)

// resourceProviders is empty: component resources (ConfigGroup, Chart, Directory) are not part of this build.
var resourceProviders = map[string]providerresource.ResourceProviderFactory{}

// Construct refuses every component resource, and names the way that Bedplate's stacks go.
func (k *kubeProvider) Construct(_ context.Context, req *pulumirpc.ConstructRequest) (*pulumirpc.ConstructResponse, error) {
	return nil, fmt.Errorf("resource type %q is not in this build: render it, and declare its objects", req.GetType())
}
