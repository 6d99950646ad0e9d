import { type LanguageTool, type Recipe, pulumiVersionPackage } from "./recipes";

/** For programs in Go and Python, besides the tools of a sandbox; see recipes.ts. */
export const languageRecipes: Recipe<LanguageTool>[] = [
    {
        // As for Node.js: later versions of this module no longer contain the host, and this one runs programs with
        // today's SDK.
        name: "pulumi-language-go",
        version: "3.56.0",
        tools: ["pulumi-language-go"],
        source: {
            kind: "go",
            module: "pulumi-language-go",
            packages: ["github.com/pulumi/pulumi/sdk/v3/go/pulumi-language-go"],
            stamps: { [pulumiVersionPackage]: "v3.56.0" },
        },
        typicalSeconds: 30,
    },
    {
        name: "pulumi-language-python",
        version: "3.68.0",
        tools: ["pulumi-language-python"],
        source: {
            kind: "go",
            module: "pulumi-language-python",
            packages: ["github.com/pulumi/pulumi/sdk/v3/python/cmd/pulumi-language-python"],
            stamps: { [pulumiVersionPackage]: "v3.68.0" },
            // The script that starts a program.
            copies: {
                module: "github.com/pulumi/pulumi/sdk/v3",
                files: ["python/cmd/pulumi-language-python-exec"],
            },
        },
        typicalSeconds: 15,
    },
    {
        name: "pulumi-python",
        version: "3.248.0",
        tools: ["pulumi-python"],
        source: { kind: "python", requirements: "pulumi.txt", executable: "python3", minimumPython: "3.11.0" },
        typicalSeconds: 15,
    },
    {
        name: "sdk-generator",
        version: "3.248.0",
        tools: ["sdk-generator"],
        source: { kind: "go", module: "sdk-generator", packages: ["."], stamps: {} },
        typicalSeconds: 60,
    },
];
