/** The tools of the sandbox, as data: source, version, and how to build each. */

/** The tools that a sandbox runs. */
export type SandboxTool =
    | "pulumi"
    | "pulumi-language-nodejs"
    | "pulumi-language-yaml"
    | "pulumi-resource-kubernetes"
    | "etcd"
    | "kube-apiserver"
    | "kube-controller-manager"
    | "kube-scheduler"
    | "kubectl"
    | "kwok"
    | "moto";

/** The additional tools for programs in other languages than Node.js and YAML; built on first use. */
export type LanguageTool = "pulumi-language-go" | "pulumi-language-python" | "pulumi-python" | "sdk-generator";

/** The stand-in for the Kubernetes provider 4.29 and later: README.md, "Two Kubernetes providers". */
export type OtherProvider = "pulumi-resource-kubernetes-4.29";

export type ToolName = SandboxTool | LanguageTool | OtherProvider;

/** Programs built by one `go build` from the module in `go/<module>` (its go.mod and go.sum pin every dependency). */
export interface GoSource {
    kind: "go";
    /** Folder under `tools/go`. A single program gets its name. */
    module: string;
    packages: string[];
    /** Values for `-ldflags -X`: the version that each program prints. */
    stamps: Record<string, string>;
    /** Files of a dependency that belong next to the executable. */
    copies?: { module: string; files: string[] };
    /** A dependency of which these lines are changed. */
    patch?: { module: string; file: string; changes: { line: string; replacement: string }[] };
    /** JSON files of a dependency that the program embeds. */
    embeds?: { module: string; folder: string; files: string[]; schemaVersion: string };
}

/** Programs from PyPI, every file pinned by hash in `python/<requirements>`. */
export interface PythonSource {
    kind: "python";
    requirements: string;
    /**
     * The name of the executable, and the Python module that it runs. Without a module it is the interpreter, which
     * finds the packages.
     */
    executable: string;
    runs?: string;
    minimumPython: string;
}

export interface Recipe<T extends ToolName = ToolName> {
    /** Also the name of the folder in the cache. */
    name: string;
    version: string;
    tools: T[];
    source: GoSource | PythonSource;
    /** Measured on 2 cores with nothing cached. Long builds start first. */
    typicalSeconds: number;
}

export const pulumiVersionPackage = "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version";
const kubernetesProviderModule = "github.com/pulumi/pulumi-kubernetes/provider/v4";
const kubernetesVersionPackage = "k8s.io/component-base/version";

/**
 * kwok's controllers of nodes and of pods each make such an environment for their first event, and both write to a map that no
 * lock guards (typeValueMap of the module github.com/wzshiming/easycel). Go ends a process that does. This fills the map before
 * they start.
 */
const fillTypeMap = `if _, err := cel.NewEnvironment(cel.EnvironmentConfig{
		Types:       cel.DefaultTypes,
		Conversions: cel.DefaultConversions,
		Methods:     cel.FuncsToMethods(cel.DefaultFuncs),
		Funcs:       cel.DefaultFuncs,
	}); err != nil {
		panic(err)
	}`;

const kubernetesProvider: GoSource = {
    kind: "go",
    module: "pulumi-resource-kubernetes",
    packages: ["."],
    stamps: { [`${kubernetesProviderModule}/pkg/version.Version`]: "4.25.0" },
    embeds: {
        module: kubernetesProviderModule,
        folder: "cmd/pulumi-resource-kubernetes",
        files: ["schema.json", "terraform-mapping.json"],
        schemaVersion: "4.25.0",
    },
};

export const recipes: Recipe<SandboxTool>[] = [
    {
        name: "pulumi",
        version: "3.248.0",
        tools: ["pulumi"],
        source: {
            kind: "go",
            module: "pulumi",
            packages: ["github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"],
            stamps: { [pulumiVersionPackage]: "v3.248.0" },
        },
        typicalSeconds: 215,
    },
    {
        // Newer versions of this module no longer contain the host, which moved to a module that is not published. The
        // protocol is stable, and this version runs programs under engine 3.248.0.
        name: "pulumi-language-nodejs",
        version: "3.68.0",
        tools: ["pulumi-language-nodejs"],
        source: {
            kind: "go",
            module: "pulumi-language-nodejs",
            packages: ["github.com/pulumi/pulumi/sdk/v3/nodejs/cmd/pulumi-language-nodejs"],
            stamps: { [pulumiVersionPackage]: "v3.68.0" },
            patch: {
                module: "github.com/pulumi/pulumi/sdk/v3",
                file: "nodejs/cmd/pulumi-language-nodejs/main.go",
                changes: [
                    {
                        // This version proxies between program and engine, and forwards only the calls that it knows
                        // (pulumi/pulumi sdk/nodejs/cmd/pulumi-language-nodejs/proxy.go): no resource hooks. With this
                        // change the program talks to the engine directly, which the protocol allows.
                        line: 'fmt.Sprintf("127.0.0.1:%d", handle.Port), pipes.directory())',
                        replacement: "req.GetMonitorAddress(), pipes.directory())",
                    },
                    {
                        // On a busy machine, the goroutine that serves the pipes can report to this channel after the
                        // program's end: "panic: send on closed channel". Upstream no longer lets it send
                        // (https://github.com/pulumi/pulumi/pull/13689). Unclosed, the channel only keeps the goroutine.
                        line: "defer close(responseChannel)",
                        replacement: "",
                    },
                ],
            },
            // Without the first one no dynamic provider starts.
            copies: {
                module: "github.com/pulumi/pulumi/sdk/v3",
                files: ["nodejs/dist/pulumi-resource-pulumi-nodejs", "nodejs/dist/pulumi-analyzer-policy"],
            },
        },
        typicalSeconds: 20,
    },
    {
        name: "pulumi-language-yaml",
        version: "1.25.0",
        tools: ["pulumi-language-yaml"],
        source: {
            kind: "go",
            module: "pulumi-language-yaml",
            packages: ["github.com/pulumi/pulumi-yaml/cmd/pulumi-language-yaml"],
            stamps: { "github.com/pulumi/pulumi-yaml/pkg/version.Version": "v1.25.0" },
        },
        typicalSeconds: 100,
    },
    {
        name: "pulumi-resource-kubernetes",
        version: "4.25.0",
        tools: ["pulumi-resource-kubernetes"],
        source: kubernetesProvider,
        typicalSeconds: 420,
    },
    {
        name: "kubernetes",
        version: "1.34.4",
        tools: ["kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubectl"],
        source: {
            kind: "go",
            module: "kubernetes",
            packages: ["kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubectl"].map(
                (program) => `k8s.io/kubernetes/cmd/${program}`,
            ),
            stamps: {
                [`${kubernetesVersionPackage}.gitVersion`]: "v1.34.4",
                [`${kubernetesVersionPackage}.gitMajor`]: "1",
                [`${kubernetesVersionPackage}.gitMinor`]: "34",
                [`${kubernetesVersionPackage}.gitTreeState`]: "clean",
            },
        },
        typicalSeconds: 270,
    },
    {
        name: "etcd",
        version: "3.6.8",
        tools: ["etcd"],
        source: { kind: "go", module: "etcd", packages: ["go.etcd.io/etcd/server/v3"], stamps: {} },
        typicalSeconds: 20,
    },
    {
        name: "kwok",
        version: "0.7.0",
        tools: ["kwok"],
        source: {
            kind: "go",
            module: "kwok",
            packages: ["sigs.k8s.io/kwok/cmd/kwok"],
            stamps: {},
            patch: {
                module: "sigs.k8s.io/kwok",
                file: "cmd/kwok/main.go",
                changes: [
                    {
                        line: '"sigs.k8s.io/kwok/pkg/config"',
                        replacement: '"sigs.k8s.io/kwok/pkg/config"\n"sigs.k8s.io/kwok/pkg/utils/cel"',
                    },
                    {
                        line: "command := cmd.NewCommand(ctx)",
                        replacement: `${fillTypeMap}\n\tcommand := cmd.NewCommand(ctx)`,
                    },
                ],
            },
        },
        typicalSeconds: 60,
    },
    {
        name: "moto",
        version: "5.2.5",
        tools: ["moto"],
        source: {
            kind: "python",
            requirements: "moto.txt",
            executable: "moto_server",
            runs: "moto.server",
            minimumPython: "3.11.0",
        },
        typicalSeconds: 25,
    },
];

/**
 * From 4.29.0 on, the Kubernetes provider creates whatever is no Patch kind by a POST, and no longer by an apply, which took over
 * an object that exists (pulumi-kubernetes provider/pkg/await/await.go, UpsertExistingObjects). Later versions are not published as
 * a Go module, so this is 4.25.0 with that change, and without its opt-out.
 */
export const otherProvider: Recipe<OtherProvider> = {
    name: "pulumi-resource-kubernetes-4.29",
    version: "4.25.0",
    tools: ["pulumi-resource-kubernetes-4.29"],
    source: {
        ...kubernetesProvider,
        patch: {
            module: kubernetesProviderModule,
            file: "pkg/await/await.go",
            changes: [
                {
                    line: "if c.ServerSideApply {",
                    replacement: "if c.ServerSideApply && kinds.IsPatchResource(c.URN, c.Inputs.GetKind()) {",
                },
                {
                    line: "outputs, err = client.Create(c.Context, c.Inputs, options)",
                    replacement:
                        'options.FieldManager = "pulumi-kubernetes"\n' +
                        "outputs, err = client.Create(c.Context, c.Inputs, options)",
                },
            ],
        },
    },
    // After 4.25.0, whose build leaves the rest in Go's cache.
    typicalSeconds: 60,
};
