import * as aws from "@pulumi/aws";
import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { deepStrictEqual } from "assert";
import { CniServiceAccountRole } from "../../../../index";
import { inputs } from "../../support/live";
import { assertAccepted, ExpectedProblem } from "../../support/refusals";
import { PROVIDER_ARN } from "../../support/standIn";
import { Run, run } from "../../support/underMocks";

const ROLE = "arn:aws:iam::111122223333:role/deploy";

/** Constructs the component with a stack's configuration. Values that are not strings are set as JSON. */
function constructWith(
    config: Record<string, unknown>,
    args: object = {},
    opts?: () => pulumi.ComponentResourceOptions,
) {
    return run(() => {
        const settings = Object.entries(config).map(([key, value]) => [
            key,
            typeof value === "string" ? value : JSON.stringify(value),
        ]);
        pulumi.runtime.setAllConfig(Object.fromEntries(settings) as Record<string, string>);
        return new CniServiceAccountRole("cni", { oidcProviderArn: PROVIDER_ARN, ...args }, opts?.());
    });
}

function connection(done: Run<unknown>) {
    assertAccepted(done);
    const { kubeconfig, context, aws: account, region } = inputs(done, "cni-credential-guard");
    return { kubeconfig, context, aws: account, region };
}

function assertProblems(done: Run<unknown>, problems: ExpectedProblem[]): void {
    deepStrictEqual((done.thrown as pulumi.InputPropertiesError | undefined)?.errors, problems);
    deepStrictEqual(
        done.resources.filter(({ parent }) => parent === "cni"),
        [],
    );
}

const explicitProvider = (path: string): ExpectedProblem => ({
    propertyPath: path,
    reason:
        "expected a value (the live checks cannot read the settings of the component's explicit provider), got nothing; " +
        `set ${path} to the settings of that provider, or set liveChecks: false`,
});

const unsupportedSetting = (setting: string): ExpectedProblem => ({
    propertyPath: "aws",
    reason:
        `expected a value (the live checks do not support the setting ${setting} in the stack's configuration), got nothing; ` +
        "set aws: { region, profile } or aws: { region, roleArn }, or set liveChecks: false",
});

describe("the live checks' connection", () => {
    afterEach(() => pulumi.runtime.setAllConfig({}));

    it("takes a kubeconfig as an object too, whose order of keys means nothing", async () => {
        const first = { kind: "Config", clusters: [{ name: "one", cluster: { server: "https://one" } }] };
        const second = { clusters: [{ cluster: { server: "https://one" }, name: "one" }], kind: "Config" };
        for (const kubeconfig of [first, pulumi.secret(second)]) {
            deepStrictEqual(
                connection(await constructWith({}, { kubeconfig })).kubeconfig,
                '{"clusters":[{"cluster":{"server":"https://one"},"name":"one"}],"kind":"Config"}',
            );
        }
    });

    it("is the ambient one where nothing is said", async () => {
        deepStrictEqual(connection(await constructWith({})), {
            kubeconfig: undefined,
            context: undefined,
            aws: undefined,
            region: "",
        });
    });

    it("is that of the stack's configuration, as for the default providers", async () => {
        const done = await constructWith({
            "kubernetes:kubeconfig": "clusters: []",
            "kubernetes:context": "prod",
            "aws:region": "eu-west-1",
            "aws:profile": "network",
            "aws:accessKey": "AKIA",
            "aws:secretKey": "s3cr3t",
            "aws:token": "t0k3n",
            "aws:assumeRoles": [{ roleArn: ROLE, externalId: "x", sessionName: "s", duration: "1h" }],
            "aws:endpoints": [{ sts: "https://sts", iam: "https://iam" }, { ec2: "https://ec2" }],
            "aws:defaultTags": { tags: { team: "network" } },
        });
        deepStrictEqual(connection(done), {
            kubeconfig: "clusters: []",
            context: "prod",
            aws: {
                profile: "network",
                accessKeyId: "AKIA",
                secretAccessKey: "s3cr3t",
                sessionToken: "t0k3n",
                roleArn: ROLE,
                externalId: "x",
                sessionName: "s",
                endpoints: { sts: "https://sts", iam: "https://iam", ec2: "https://ec2" },
            },
            region: "eu-west-1",
        });
        const secret = done.resources.filter(({ secretInputs }) => secretInputs.length > 0);
        deepStrictEqual(
            secret.map(({ name, secretInputs }) => [name, secretInputs.filter((path) => !path.includes(".")).sort()]),
            ["cni-credential-guard", "cni-canary", "cni-detachment"].map((name) => [name, ["aws", "kubeconfig"]]),
        );
    });

    it("is that of the arguments, each of which replaces the configuration as a whole", async () => {
        const config = {
            "kubernetes:kubeconfig": "clusters: []",
            "kubernetes:context": "prod",
            "aws:region": "eu-west-1",
            "aws:profile": "network",
        };
        deepStrictEqual(
            connection(await constructWith(config, { kubeconfig: "clusters: [a]", aws: { roleArn: ROLE } })),
            {
                kubeconfig: "clusters: [a]",
                context: undefined,
                aws: { roleArn: ROLE },
                region: "eu-west-1",
            },
        );
    });

    it("is refused where the component has a Kubernetes provider of its own, and no kubeconfig", async () => {
        const provider = () => ({ providers: { kubernetes: new kubernetes.Provider("own", { kubeconfig: "{}" }) } });
        assertProblems(await constructWith({}, {}, provider), [explicitProvider("kubeconfig")]);
        assertAccepted(await constructWith({}, { kubeconfig: "clusters: []" }, provider));
        assertAccepted(await constructWith({}, { liveChecks: false }, provider));
    });

    it("is refused where the component has an AWS provider of its own, and no aws", async () => {
        const provider = () => ({ providers: { aws: new aws.Provider("own", { region: "us-west-2" }) } });
        assertProblems(await constructWith({}, {}, provider), [explicitProvider("aws")]);
        assertProblems(await constructWith({}, { aws: null }, provider), [explicitProvider("aws")]);
        assertAccepted(await constructWith({}, { aws: { region: "us-west-2" } }, provider));
        assertAccepted(await constructWith({}, { liveChecks: false }, provider));
    });

    it("is refused once for both, with providers of a parent as well", async () => {
        const providers = () => ({
            parent: new pulumi.ComponentResource(
                "test:index:Parent",
                "parent",
                {},
                { providers: [new aws.Provider("a", { region: "us-west-2" }), new kubernetes.Provider("k", {})] },
            ),
        });
        assertProblems(await constructWith({}, {}, providers), [
            explicitProvider("kubeconfig"),
            explicitProvider("aws"),
        ]);
    });

    for (const [setting, key, value] of [
        ["aws:assumeRoleWithWebIdentity", "aws:assumeRoleWithWebIdentity", { roleArn: ROLE }],
        ["aws:ec2MetadataServiceEndpoint", "aws:ec2MetadataServiceEndpoint", "http://localhost"],
        ["aws:sharedConfigFiles", "aws:sharedConfigFiles", ["./config"]],
        ["aws:sharedCredentialsFiles", "aws:sharedCredentialsFiles", ["./credentials"]],
        ["aws:assumeRoles with more than one role", "aws:assumeRoles", [{ roleArn: ROLE }, { roleArn: ROLE }]],
        ["aws:assumeRoles with policy", "aws:assumeRoles", [{ roleArn: ROLE, policy: "{}" }]],
        ["aws:assumeRoles with sourceIdentity", "aws:assumeRoles", [{ roleArn: ROLE, sourceIdentity: "me" }]],
    ] as const) {
        it(`is refused by name of what it does not follow: ${setting}`, async () => {
            assertProblems(await constructWith({ [key]: value }), [unsupportedSetting(setting)]);
            assertAccepted(await constructWith({ [key]: value }, { aws: { profile: "network" } }));
            assertAccepted(await constructWith({ [key]: value }, { liveChecks: false }));
        });
    }
});
