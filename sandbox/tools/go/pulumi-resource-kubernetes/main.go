// The Kubernetes provider of Pulumi, as cmd/pulumi-resource-kubernetes of its own repository builds it. The two
// embedded files are that package's schema.json and terraform-mapping.json: the builder puts them beside this file.
package main

import (
	_ "embed"

	"github.com/pulumi/pulumi-kubernetes/provider/v4/pkg/provider"
	"github.com/pulumi/pulumi-kubernetes/provider/v4/pkg/version"
)

//go:embed schema.json
var schema []byte

//go:embed terraform-mapping.json
var terraformMapping []byte

func main() {
	provider.Serve("kubernetes", version.Version, schema, terraformMapping)
}
