// Makes the SDK of a package for one language from its schema, by the generators that Pulumi's own language hosts use for
// `pulumi package gen-sdk`. The hosts that can be built from what is published are older than that command.
//
// Source: https://github.com/pulumi/pulumi/blob/v3.248.0/pkg/cmd/pulumi/packages/packages.go (GenSDK)
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	golang "github.com/pulumi/pulumi/pkg/v3/codegen/go"
	"github.com/pulumi/pulumi/pkg/v3/codegen/python"
	"github.com/pulumi/pulumi/pkg/v3/codegen/schema"
)

const usage = "usage: sdk-generator go|python SCHEMA TARGET"

func main() {
	if len(os.Args) != 4 {
		fail(usage)
	}
	files, err := generate(os.Args[1], os.Args[2])
	if err != nil {
		fail(err)
	}
	for name, content := range files {
		if err := write(filepath.Join(os.Args[3], name), content); err != nil {
			fail(err)
		}
	}
}

func generate(language, schemaFile string) (map[string][]byte, error) {
	pkg, err := read(schemaFile)
	if err != nil {
		return nil, err
	}
	switch language {
	case "go":
		return golang.GeneratePackage("pulumi", pkg, nil)
	case "python":
		// The package depends on no other, so that the generator has none to load.
		return python.GeneratePackage("pulumi", pkg, nil, nil)
	default:
		return nil, fmt.Errorf("%s", usage)
	}
}

// Validates the schema against the schema of schemas, as the command does.
func read(schemaFile string) (*schema.Package, error) {
	text, err := os.ReadFile(schemaFile)
	if err != nil {
		return nil, err
	}
	var spec schema.PackageSpec
	if err := json.Unmarshal(text, &spec); err != nil {
		return nil, err
	}
	pkg, diagnostics, err := schema.BindSpec(spec, schema.NewNullLoader(), schema.ValidationOptions{})
	if err != nil {
		return nil, err
	}
	if len(diagnostics) > 0 {
		return nil, diagnostics
	}
	// As the command does: without it, the SDK has no go.mod of its own.
	pkg.SupportPack = true
	return pkg, nil
}

func write(file string, content []byte) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	return os.WriteFile(file, content, 0o644)
}

func fail(reason any) {
	fmt.Fprintln(os.Stderr, reason)
	os.Exit(1)
}
