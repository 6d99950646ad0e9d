import { deepStrictEqual, match, ok, strictEqual } from "assert";
import { execFileSync } from "child_process";
import { readdirSync, readFileSync } from "fs";
import { join } from "path";
import { exports, version } from "../../../package.json";
import * as pack from "../../../policies/package.json";
import { rules } from "../../../policies/rules";
import { UNKNOWN_OBJECT, UNKNOWN_TEXT, violations } from "./support/run";
import { addon, goodStack, podIdentityStack } from "./support/stacks";

const TYPES = [
    "aws:iam/role:Role",
    "aws:iam/policy:Policy",
    "aws:iam/rolePolicy:RolePolicy",
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
    "aws:iam/policyAttachment:PolicyAttachment",
    "aws:iam/rolePolicyAttachmentsExclusive:RolePolicyAttachmentsExclusive",
    "aws:iam/openIdConnectProvider:OpenIdConnectProvider",
    "eks-cni:index:CniServiceAccountRole$eks-cni:index:Detachment",
    "aws:eks/addon:Addon",
    "aws:eks/podIdentityAssociation:PodIdentityAssociation",
    "aws:ec2/launchTemplate:LaunchTemplate",
    "aws:eks/cluster:Cluster",
    "aws:eks/nodeGroup:NodeGroup",
    "kubernetes:core/v1:ServiceAccount",
    "kubernetes:core/v1:ServiceAccountPatch",
];
const PROPERTIES = [
    "role",
    "roles",
    "roleName",
    "policyArn",
    "policyArns",
    "policy",
    "managedPolicyArns",
    "inlinePolicies",
    "name",
    "assumeRolePolicy",
    "metadata",
    "metadataOptions",
    "launchTemplate",
    "nodeRoleArn",
    "serviceAccountRoleArn",
    "podIdentityAssociations",
    "kubernetesNetworkConfig",
    "detachFromNodeRoles",
    "url",
    "computeConfig",
];
const WEIRD: unknown[] = [
    null,
    7,
    true,
    "",
    "{",
    [],
    [null],
    {},
    { id: [] },
    UNKNOWN_TEXT,
    UNKNOWN_OBJECT,
    [UNKNOWN_TEXT],
];

const POLICIES = join(__dirname, "../../../policies");

describe("the policy pack's files", () => {
    it("carry the package's version, which the engine shows next to each violation", () => {
        strictEqual(pack.version, version);
        const project = readFileSync(join(POLICIES, "PulumiPolicy.yaml"), "utf8");
        deepStrictEqual(/^version: (.*)$/m.exec(project)?.[1], version);
    });

    it("lead the engine to what starts the pack, and the compiler to what the package's name gives", () => {
        strictEqual(pack.main, "../dist/policies/index.js");
        strictEqual(pack.types, exports["./policies"].types.replace("./", "../"));
    });
});

describe("the rules of the policy pack", () => {
    it("start nothing when they are imported: no output, no server, no part of the SDK", () => {
        const program = `
            const before = new Set(Object.keys(require.cache));
            require("./rules.ts");
            const loaded = Object.keys(require.cache).filter((file) => !before.has(file));
            process.on("exit", () => console.log(JSON.stringify(loaded)));
        `;
        const environment = { ...process.env, TS_NODE_TRANSPILE_ONLY: "true" };
        const options = { cwd: POLICIES, encoding: "utf8", env: environment, timeout: 10_000 } as const;
        const printed = execFileSync(process.execPath, ["-r", "ts-node/register", "-e", program], options);
        const modules = JSON.parse(printed) as string[];
        ok(modules.includes(join(POLICIES, "rules.ts")));
        const own = [POLICIES, join(POLICIES, "../documents")];
        deepStrictEqual(
            modules.filter((file) => !own.some((folder) => file.startsWith(folder))),
            [],
        );
    });

    it("have a name in kebab case each, and a file each", () => {
        rules.forEach(({ name }) => match(name, /^[a-z0-9]+(-[a-z0-9]+)+$/));
        strictEqual(new Set(rules.map(({ name }) => name)).size, rules.length);
        const files = readdirSync(POLICIES).filter((file) => file.endsWith(".ts"));
        strictEqual(files.length, rules.length + 2);
    });

    it("say as a sentence what they ask, why by a source, and what to do", () => {
        for (const { displayName, description, url, remediationSteps } of rules) {
            match(displayName ?? "", /^[A-Z].* .*[^.]$/);
            match(description, /\.$/);
            match(url ?? "", /^https:\/\//);
            match(remediationSteps ?? "", /\.$|does so\.$/);
        }
    });

    it("are mandatory but for the two about the instance metadata", () => {
        deepStrictEqual(
            rules.filter(({ enforcementLevel }) => enforcementLevel !== "mandatory").map(({ name }) => name),
            ["node-group-keeps-pods-from-the-node-role", "launch-template-keeps-pods-from-the-node-role"],
        );
    });

    it("find nothing in a stack with the component", async () => {
        for (const rule of rules) {
            deepStrictEqual(await violations(rule, goodStack()), [], rule.name);
        }
    });

    it("find nothing in a stack with a component with Pod Identity, the agent, an add-on without a role, and an OIDC provider for others", async () => {
        const unknown = { clusterName: UNKNOWN_TEXT, namespace: UNKNOWN_TEXT, serviceAccount: UNKNOWN_TEXT };
        const addons = [addon(), { ...addon({ addonName: "eks-pod-identity-agent" }), name: "agent" }];
        const afterAgent = (props: Record<string, unknown>) =>
            podIdentityStack(props).map((one) => (one.name === "cni" ? { ...one, dependsOn: ["agent"] } : one));
        for (const rule of rules) {
            for (const props of [{}, unknown]) {
                deepStrictEqual(await violations(rule, [...afterAgent(props), ...addons]), [], rule.name);
            }
        }
    });

    it("find nothing in an add-on with Pod Identity associations of its own", async () => {
        const roleArn = "arn:aws:iam::111122223333:role/cni";
        const own = addon({ podIdentityAssociations: [{ serviceAccount: "aws-node", roleArn }] });
        for (const rule of rules) {
            deepStrictEqual(await violations(rule, [own]), [], rule.name);
        }
    });

    it("find nothing in an empty stack", async () => {
        for (const rule of rules) {
            deepStrictEqual(await violations(rule, []), [], rule.name);
        }
    });

    it("survive properties that are missing, null, of another type, or not known yet", async () => {
        const stacks = WEIRD.map((value) =>
            TYPES.map((type, i) => ({
                name: `r${String(i)}`,
                type,
                props: { ...Object.fromEntries(PROPERTIES.map((name) => [name, value])), addonName: "vpc-cni" },
            })),
        );
        for (const stack of [...stacks, TYPES.map((type, i) => ({ name: `r${String(i)}`, type, props: {} }))]) {
            for (const rule of rules) {
                ok((await violations(rule, stack)).every((message) => message.length > 0));
            }
        }
    });
});
