import * as pulumi from "@pulumi/pulumi";
import { deepStrictEqual } from "assert";
import { CniServiceAccountRole } from "../../../../index";
import { OUTPUTS_WITHOUT_LIVE_CHECKS } from "../../support/children";
import { assertAccepted } from "../../support/refusals";
import { UnrelatedResource, PROVIDER_ARN } from "../../support/standIn";
import { construct, Run, run } from "../../support/underMocks";
import { UNKNOWN } from "../../support/wire";

const unknown = pulumi.output(pulumi.unknown);
const POLICY = "arn:aws:iam::aws:policy/A";

/** Every argument is set and known, the role's name included. */
const KNOWN = {
    oidcProviderArn: PROVIDER_ARN,
    additionalOidcProviderArns: ["arn:aws:iam::111122223333:oidc-provider/issuer.example.com"],
    roleName: "cni",
    rolePath: "/eks/",
    roleDescription: "of the CNI",
    permissionsBoundary: POLICY,
    maxSessionDuration: 3600,
    tags: { team: "network", cost: "1" },
    additionalPolicyArns: [POLICY, "arn:aws:iam::aws:policy/B"],
    serviceAccount: { namespace: "cni-system", name: "agent" },
    overrideExistingServiceAccount: false,
    stsRegionalEndpoints: true,
    tokenExpirationSeconds: 3600,
    rollout: { daemonSetName: "agent" },
};
/** The children. Attachments of additional policies that are outputs are named by their index. */
const childrenWith = (...additional: string[]) => [
    ...additional.map((label) => `cni-additional-policy-${label}`).sort(),
    "cni-cni-policy",
    "cni-daemon-set",
    "cni-role",
    "cni-service-account",
];
const CHILDREN = childrenWith("aws/A", "aws/B");
/** AWS assigns the role's ARN and unique ID, so these inputs are unknown until the role exists. */
const DELIVERED = "cni-daemon-set.spec.template.metadata.annotations.eks-cni/delivered";
const annotation = (name: string) => `cni-service-account.metadata.annotations.${name}`;
const ROLE_ARN = annotation("eks.amazonaws.com/role-arn");
const STS_ENDPOINTS = annotation("eks.amazonaws.com/sts-regional-endpoints");
const TOKEN_EXPIRATION = annotation("eks.amazonaws.com/token-expiration");
const FORCE = annotation("pulumi.com/patchForce");
const NEVER_KNOWN = [DELIVERED, ROLE_ARN, STS_ENDPOINTS, TOKEN_EXPIRATION];
const ROLE_OF_ATTACHMENTS = [
    "cni-additional-policy-aws/A.role",
    "cni-additional-policy-aws/B.role",
    "cni-cni-policy.role",
];

function unknownInputs({ resources }: Run<unknown>): string[] {
    return resources
        .slice(1)
        .flatMap(({ name, inputs }) => unknownPaths(inputs, name))
        .sort();
}

function unknownPaths(value: unknown, path: string): string[] {
    if (value === UNKNOWN) {
        return [path];
    }
    return typeof value === "object" && value !== null
        ? Object.entries(value).flatMap(([key, member]) => unknownPaths(member, `${path}.${key}`))
        : [];
}

function names({ resources }: Run<unknown>): string[] {
    return resources
        .slice(1)
        .map(({ name }) => name)
        .sort();
}

/** The unknown argument, and the inputs of the children that depend on it. */
const rows: [string, Record<string, unknown>, string[], string[]?][] = [
    ["nothing", {}, []],
    ["oidcProviderArn", { oidcProviderArn: unknown }, ["cni-cni-policy.policyArn", "cni-role.assumeRolePolicy"]],
    ["additionalOidcProviderArns", { additionalOidcProviderArns: unknown }, ["cni-role.assumeRolePolicy"]],
    [
        "a member of additionalOidcProviderArns",
        { additionalOidcProviderArns: [unknown] },
        ["cni-role.assumeRolePolicy"],
    ],
    ["roleName", { roleName: unknown }, [...ROLE_OF_ATTACHMENTS, "cni-role.name"]],
    ["rolePath", { rolePath: unknown }, ["cni-role.path"]],
    ["roleDescription", { roleDescription: unknown }, ["cni-role.description"]],
    ["permissionsBoundary", { permissionsBoundary: unknown }, ["cni-role.permissionsBoundary"]],
    ["maxSessionDuration", { maxSessionDuration: unknown }, ["cni-role.maxSessionDuration"]],
    ["tags", { tags: unknown }, ["cni-role.tags"]],
    ["one tag", { tags: { team: unknown, cost: "1" } }, ["cni-role.tags"]],
    [
        "the first additional policy",
        { additionalPolicyArns: [unknown, "arn:aws:iam::aws:policy/B"] },
        ["cni-additional-policy-0.policyArn"],
        childrenWith("0", "aws/B"),
    ],
    [
        "the last additional policy",
        { additionalPolicyArns: [POLICY, unknown] },
        ["cni-additional-policy-0.policyArn"],
        childrenWith("aws/A", "0"),
    ],
    [
        "the namespace",
        { serviceAccount: { namespace: unknown, name: "agent" } },
        ["cni-daemon-set.metadata.namespace", "cni-role.assumeRolePolicy", "cni-service-account.metadata.namespace"],
    ],
    [
        "the service account's name",
        { serviceAccount: { namespace: "cni-system", name: unknown } },
        ["cni-role.assumeRolePolicy", "cni-service-account.metadata.name"],
    ],
    ["overrideExistingServiceAccount", { overrideExistingServiceAccount: unknown }, [FORCE]],
    ["stsRegionalEndpoints", { stsRegionalEndpoints: unknown }, []],
    ["tokenExpirationSeconds", { tokenExpirationSeconds: unknown }, []],
    ["the DaemonSet's name", { rollout: { daemonSetName: unknown } }, ["cni-daemon-set.metadata.name"]],
    ["clusterName in addition to the provider's ARN", { clusterName: unknown }, []],
    [
        "clusterName alone",
        { clusterName: unknown, oidcProviderArn: undefined },
        ["cni-cni-policy.policyArn", "cni-role.assumeRolePolicy"],
    ],
];

describe("a preview", () => {
    for (const [what, args, dependentInputs, children = CHILDREN] of rows) {
        for (const [kind, variant] of [
            ["unknown", args],
            ["unknown and secret", secret(args)],
        ] as const) {
            it(`is complete, and all but what follows is known, with ${what} ${kind}`, async () => {
                const preview = await construct({ ...KNOWN, ...variant }, { preview: true });
                assertAccepted(preview);
                deepStrictEqual(names(preview), children);
                deepStrictEqual(unknownInputs(preview), [...NEVER_KNOWN, ...dependentInputs].sort());
            });
        }
    }

    it("is complete with everything unknown at once", async () => {
        const everything = { ...KNOWN, clusterName: unknown };
        const preview = await construct(allUnknown(everything), { preview: true });
        assertAccepted(preview);
        deepStrictEqual(names(preview), childrenWith("0", "1"));
        deepStrictEqual(preview.lookups, []);
    });

    it("is complete with everything unknown on IPv6", async () => {
        const preview = await construct({ ...(allUnknown(KNOWN) as object), ipFamily: "ipv6" }, { preview: true });
        assertAccepted(preview);
        deepStrictEqual(names(preview), [...childrenWith("0", "1"), "cni-ipv6-policy"].sort());
    });

    for (const [what, args, dependentInputs] of [
        ["nothing", {}, []],
        ["existingRoleArn", { existingRoleArn: unknown }, [DELIVERED, ROLE_ARN]],
        ["stsRegionalEndpoints", { stsRegionalEndpoints: unknown }, [DELIVERED, ROLE_ARN, STS_ENDPOINTS]],
        ["tokenExpirationSeconds", { tokenExpirationSeconds: unknown }, [DELIVERED, ROLE_ARN, TOKEN_EXPIRATION]],
        ["overrideExistingServiceAccount", { overrideExistingServiceAccount: unknown }, [FORCE]],
    ] as [string, Record<string, unknown>, string[]][]) {
        it(`of an existing role is complete, and all but what follows is known, with ${what} unknown`, async () => {
            const existing = { existingRoleArn: "arn:aws:iam::111122223333:role/cni", ...args };
            const preview = await construct(existing, { preview: true });
            assertAccepted(preview);
            deepStrictEqual(names(preview), ["cni-daemon-set", "cni-service-account"]);
            deepStrictEqual(unknownInputs(preview), dependentInputs);
        });
    }

    it("knows the outputs that the program alone decides", async () => {
        const preview = await construct(KNOWN, { preview: true });
        deepStrictEqual(preview.outputs["cni"]?.value, {
            roleArn: UNKNOWN,
            roleName: "cni",
            policyArns: ["arn:aws:iam::aws:policy/AmazonEKS_CNI_Policy", POLICY, "arn:aws:iam::aws:policy/B"],
            serviceAccountAnnotations: UNKNOWN,
            provedRoleArn: UNKNOWN,
            ready: UNKNOWN,
            ...OUTPUTS_WITHOUT_LIVE_CHECKS,
            remainingSteps: OUTPUTS_WITHOUT_LIVE_CHECKS.remainingSteps.map((step) =>
                step.replace("kube-system", "cni-system"),
            ),
        });
    });

    it("does not say of an existing role that it is ready before anything was done", async () => {
        const roleArn = "arn:aws:iam::111122223333:role/cni";
        const preview = await construct({ existingRoleArn: roleArn }, { preview: true });
        deepStrictEqual(preview.outputs["cni"]?.value, {
            roleArn,
            roleName: "cni",
            policyArns: [],
            serviceAccountAnnotations: { "eks.amazonaws.com/role-arn": roleArn },
            provedRoleArn: roleArn,
            ready: UNKNOWN,
            ...OUTPUTS_WITHOUT_LIVE_CHECKS,
        });
    });

    it("takes the outputs of a resource that is not there yet", async () => {
        const preview = await run(
            () => {
                const { arn } = new UnrelatedResource("other");
                return new CniServiceAccountRole("cni", { oidcProviderArn: arn, tags: { a: arn }, liveChecks: false });
            },
            { preview: true },
        );
        assertAccepted(preview);
        deepStrictEqual(names(preview), ["cni", "cni-cni-policy", "cni-daemon-set", "cni-role", "cni-service-account"]);
    });
});

function allUnknown(value: unknown): unknown {
    if (Array.isArray(value)) {
        return value.map(() => unknown);
    }
    const entries = Object.entries(value as object).map(([key, member]: [string, unknown]) => [
        key,
        ["serviceAccount", "rollout", "additionalPolicyArns"].includes(key) ? allUnknown(member) : unknown,
    ]);
    return Object.fromEntries(entries) as unknown;
}

function secret(value: unknown): Record<string, unknown> {
    const change = (member: unknown): unknown => {
        if (member === unknown) {
            return pulumi.secret(unknown);
        }
        if (Array.isArray(member)) {
            return member.map(change);
        }
        return typeof member === "object" && member !== null && !pulumi.Output.isInstance(member)
            ? secret(member)
            : member;
    };
    return Object.fromEntries(Object.entries(value as object).map(([key, member]) => [key, change(member)]));
}
