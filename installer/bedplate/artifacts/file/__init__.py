"""The source kind `file`: single files, by URL and digest or from a component's folder."""
