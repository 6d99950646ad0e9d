import * as fc from "fast-check";
import * as assert from "node:assert/strict";
import {
    type CredentialContainer,
    credentialSource,
    type CredentialSpec,
} from "../../../../handover/model/credentialSource";

const roleArn = "arn:aws:iam::111122223333:role/cni";
const otherArn = "arn:aws:iam::111122223333:role/other";
const folder = "/var/run/secrets/eks.amazonaws.com/serviceaccount";

const env = (values: Record<string, string>) => Object.entries(values).map(([name, value]) => ({ name, value }));

/** A container as the webhook leaves it. */
function injected(name: string, more: Record<string, string> = {}): CredentialContainer {
    return {
        name,
        env: env({ AWS_ROLE_ARN: roleArn, AWS_WEB_IDENTITY_TOKEN_FILE: `${folder}/token`, ...more }),
        volumeMounts: [{ name: "aws-iam-token", mountPath: folder }],
    };
}

const plainContainer = (name: string, values: Record<string, string> = {}): CredentialContainer => ({
    name,
    env: env(values),
});

const tokenVolume = (audience: string | undefined = "sts.amazonaws.com", path = "token") => ({
    name: "aws-iam-token",
    projected: { sources: [{ serviceAccountToken: { audience, path } }] },
});

const twoTokens = (...audiences: string[]) => ({
    name: "aws-iam-token",
    projected: { sources: audiences.map((audience) => ({ serviceAccountToken: { audience, path: "token" } })) },
});

/** A pod as the webhook leaves it. */
const injectedPod: CredentialSpec = {
    initContainers: [injected("aws-vpc-cni-init")],
    containers: [injected("aws-node"), injected("aws-eks-nodeagent")],
    volumes: [{ name: "run-dir" }, tokenVolume()],
};

const withFirst = (container: CredentialContainer): CredentialSpec => ({
    ...injectedPod,
    containers: [container, injected("aws-eks-nodeagent")],
});

const incomplete = (what: string, roleArns: string[] = [roleArn]) => ({ kind: "incomplete", roleArns, what });
const other = (what: string) => ({ kind: "other", what });

describe("The identity that a pod's specification carries", () => {
    it("is the role when every container has the role, the token file and the token", () => {
        assert.deepEqual(credentialSource(injectedPod), { kind: "webIdentity", roleArn, regionalSts: undefined });
    });

    it("is the node role when no container has a token file", () => {
        assert.deepEqual(credentialSource({ containers: [{ name: "aws-node" }] }), { kind: "nodeRole" });
        assert.deepEqual(credentialSource({ containers: [plainContainer("aws-node", { AWS_REGION: "eu-west-1" })] }), {
            kind: "nodeRole",
        });
    });

    it("is the node role when a role is named without a token file, which the SDK ignores", () => {
        assert.deepEqual(credentialSource({ containers: [plainContainer("aws-node", { AWS_ROLE_ARN: roleArn })] }), {
            kind: "nodeRole",
        });
    });

    it("is the node role when the token file is empty, which the SDK takes for not set", () => {
        assert.deepEqual(
            credentialSource({ containers: [plainContainer("aws-node", { AWS_WEB_IDENTITY_TOKEN_FILE: "" })] }),
            {
                kind: "nodeRole",
            },
        );
    });

    it("tells the STS setting that all containers have", () => {
        const regional = { AWS_STS_REGIONAL_ENDPOINTS: "regional" };
        const all = { containers: [injected("a", regional), injected("b", regional)], volumes: [tokenVolume()] };
        assert.deepEqual(credentialSource(all), { kind: "webIdentity", roleArn, regionalSts: "regional" });
    });

    it("tells no STS setting when a container lacks it or has another", () => {
        for (const last of [{}, { AWS_STS_REGIONAL_ENDPOINTS: "legacy" }] as Record<string, string>[]) {
            const containers = [injected("a", { AWS_STS_REGIONAL_ENDPOINTS: "regional" }), injected("b", last)];
            const credentials = credentialSource({ containers, volumes: [tokenVolume()] });
            assert.deepEqual(credentials, { kind: "webIdentity", roleArn, regionalSts: undefined });
        }
    });

    const faults: [string, CredentialSpec, ReturnType<typeof incomplete>][] = [
        [
            "a container was skipped",
            withFirst(plainContainer("aws-node")),
            incomplete("container aws-node has no AWS_WEB_IDENTITY_TOKEN_FILE"),
        ],
        [
            "an init container was skipped",
            { ...injectedPod, initContainers: [plainContainer("aws-vpc-cni-init")] },
            incomplete("container aws-vpc-cni-init has no AWS_WEB_IDENTITY_TOKEN_FILE"),
        ],
        [
            "only an init container was injected",
            { ...injectedPod, containers: [plainContainer("aws-node"), plainContainer("agent")] },
            incomplete(
                "container aws-node has no AWS_WEB_IDENTITY_TOKEN_FILE; container agent has no AWS_WEB_IDENTITY_TOKEN_FILE",
            ),
        ],
        [
            "a skipped container has Pod Identity instead",
            withFirst(
                plainContainer("aws-node", {
                    AWS_CONTAINER_CREDENTIALS_FULL_URI: "http://169.254.170.23/v1/credentials",
                }),
            ),
            incomplete("container aws-node has no AWS_WEB_IDENTITY_TOKEN_FILE"),
        ],
        [
            "a container has a role of its own",
            withFirst(injected("aws-node", { AWS_ROLE_ARN: otherArn })),
            incomplete(`its containers have different roles: ${roleArn}, ${otherArn}`, [roleArn, otherArn]),
        ],
        [
            "a container has no role",
            withFirst(injected("aws-node", { AWS_ROLE_ARN: "" })),
            incomplete("container aws-node has the token file and no AWS_ROLE_ARN"),
        ],
        [
            "a container takes its role from somewhere else",
            withFirst({
                ...injected("aws-node"),
                env: [
                    ...env({ AWS_WEB_IDENTITY_TOKEN_FILE: `${folder}/token` }),
                    { name: "AWS_ROLE_ARN", valueFrom: { configMapKeyRef: { name: "roles", key: "cni" } } },
                ],
            }),
            incomplete("container aws-node has the token file and no AWS_ROLE_ARN"),
        ],
        [
            "a container takes the token file from somewhere else",
            withFirst({
                ...injected("aws-node"),
                env: [
                    ...env({ AWS_ROLE_ARN: roleArn }),
                    { name: "AWS_WEB_IDENTITY_TOKEN_FILE", valueFrom: { configMapKeyRef: { name: "c", key: "k" } } },
                ],
            }),
            incomplete("container aws-node takes AWS_WEB_IDENTITY_TOKEN_FILE from a reference (valueFrom)"),
        ],
        [
            "a container does not mount the token",
            withFirst({ ...injected("aws-node"), volumeMounts: undefined }),
            incomplete(`container aws-node has no token mounted at ${folder}/token`),
        ],
        [
            "a container mounts the token elsewhere",
            withFirst({ ...injected("aws-node"), volumeMounts: [{ name: "aws-iam-token", mountPath: "/elsewhere" }] }),
            incomplete(`container aws-node has no token mounted at ${folder}/token`),
        ],
        [
            "a container mounts only a part of the volume",
            withFirst({
                ...injected("aws-node"),
                volumeMounts: [{ name: "aws-iam-token", mountPath: folder, subPath: "token" }],
            }),
            incomplete(`container aws-node has no token mounted at ${folder}/token`),
        ],
        [
            "the pod has no such volume",
            { ...injectedPod, initContainers: [], volumes: undefined },
            incomplete(
                `container aws-node has no token mounted at ${folder}/token; ` +
                    `container aws-eks-nodeagent has no token mounted at ${folder}/token`,
            ),
        ],
        [
            "the volume is no projected one",
            { containers: [injected("aws-node")], volumes: [{ name: "aws-iam-token" }] },
            incomplete(`container aws-node has no token mounted at ${folder}/token`),
        ],
        [
            "the volume projects nothing",
            { containers: [injected("aws-node")], volumes: [{ name: "aws-iam-token", projected: {} }] },
            incomplete(`container aws-node has no token mounted at ${folder}/token`),
        ],
        [
            "the volume projects no token",
            { containers: [injected("aws-node")], volumes: [{ name: "aws-iam-token", projected: { sources: [{}] } }] },
            incomplete(`container aws-node has no token mounted at ${folder}/token`),
        ],
        [
            "the token has another name",
            { containers: [injected("aws-node")], volumes: [tokenVolume("sts.amazonaws.com", "jwt")] },
            incomplete(`container aws-node has no token mounted at ${folder}/token`),
        ],
        [
            "the token is for another audience",
            { containers: [injected("aws-node")], volumes: [tokenVolume("sts.amazonaws.com.cn")] },
            incomplete("container aws-node has a token for sts.amazonaws.com.cn, not sts.amazonaws.com"),
        ],
        [
            "the tokens at that path are for other audiences",
            { containers: [injected("aws-node")], volumes: [twoTokens("sts.amazonaws.com.cn", "vault")] },
            incomplete("container aws-node has a token for sts.amazonaws.com.cn, vault, not sts.amazonaws.com"),
        ],
        [
            "the token is for the API server itself",
            {
                containers: [injected("aws-node")],
                volumes: [
                    { name: "aws-iam-token", projected: { sources: [{ serviceAccountToken: { path: "token" } }] } },
                ],
            },
            incomplete("container aws-node has a token for the API server, not sts.amazonaws.com"),
        ],
    ];
    for (const [why, spec, expected] of faults) {
        it(`is incomplete when ${why}`, () => assert.deepEqual(credentialSource(spec), expected));
    }

    it("finds the token at a mount path with slashes at its end, and in a volume of any name", () => {
        const container = { ...injected("aws-node"), volumeMounts: [{ name: "mine", mountPath: `${folder}//` }] };
        const credentials = credentialSource({
            containers: [container],
            volumes: [{ ...tokenVolume(), name: "mine" }],
        });
        assert.deepEqual(credentials, { kind: "webIdentity", roleArn, regionalSts: undefined });
    });

    it("goes by the last of several entries of a variable, as the kubelet does", () => {
        const twice = injected("aws-node");
        const first = { ...twice, env: [...env({ AWS_ROLE_ARN: otherArn }), ...(twice.env ?? [])] };
        assert.deepEqual(credentialSource(withFirst(first)), credentialSource(injectedPod));
    });

    const keys = { AWS_ACCESS_KEY_ID: "AKIA", AWS_SECRET_ACCESS_KEY: "secret" };
    const others: [string, CredentialSpec, string][] = [
        [
            "static keys, before the role",
            withFirst(injected("aws-node", keys)),
            "AWS_ACCESS_KEY_ID of container aws-node",
        ],
        ["static keys", { containers: [plainContainer("aws-node", keys)] }, "AWS_ACCESS_KEY_ID of container aws-node"],
        [
            "static keys in an init container",
            { ...injectedPod, initContainers: [injected("init", keys)] },
            "AWS_ACCESS_KEY_ID of container init",
        ],
        [
            "static keys in two containers, each named",
            { containers: [plainContainer("a", keys), plainContainer("b", keys)] },
            "AWS_ACCESS_KEY_ID of container a, AWS_ACCESS_KEY_ID of container b",
        ],
        [
            "static keys of the older names",
            { containers: [plainContainer("aws-node", { AWS_ACCESS_KEY: "AKIA", AWS_SECRET_KEY: "secret" })] },
            "AWS_ACCESS_KEY of container aws-node",
        ],
        [
            "static keys from a secret",
            {
                containers: [
                    {
                        name: "aws-node",
                        env: [
                            { name: "AWS_ACCESS_KEY_ID", valueFrom: { secretKeyRef: { name: "s", key: "id" } } },
                            { name: "AWS_SECRET_ACCESS_KEY", valueFrom: { secretKeyRef: { name: "s", key: "key" } } },
                        ],
                    },
                ],
            },
            "AWS_ACCESS_KEY_ID of container aws-node",
        ],
        ...[
            "AWS_PROFILE",
            "AWS_SHARED_CREDENTIALS_FILE",
            "AWS_CONFIG_FILE",
            "AWS_CONTAINER_CREDENTIALS_FULL_URI",
            "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
        ].map((name): [string, CredentialSpec, string] => [
            `${name}, without a token file`,
            { containers: [plainContainer("aws-node"), plainContainer("agent", { [name]: "x" })] },
            `${name} of container agent`,
        ]),
        [
            "several of them, each named",
            { containers: [plainContainer("a", { AWS_PROFILE: "x" }), plainContainer("b", { AWS_CONFIG_FILE: "y" })] },
            "AWS_PROFILE of container a, AWS_CONFIG_FILE of container b",
        ],
    ];
    for (const [why, spec, what] of others) {
        it(`is another one with ${why}`, () => assert.deepEqual(credentialSource(spec), other(what)));
    }

    const agentFolder = "/var/run/secrets/pods.eks.amazonaws.com/serviceaccount";
    /** A container as the webhook leaves it with an association. */
    const ofPodIdentity = (name: string, more: Record<string, string> = {}): CredentialContainer => ({
        name,
        env: env({
            AWS_CONTAINER_CREDENTIALS_FULL_URI: "http://169.254.170.23/v1/credentials",
            AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: `${agentFolder}/eks-pod-identity-token`,
            ...more,
        }),
        volumeMounts: [{ name: "eks-pod-identity-token", mountPath: agentFolder }],
    });
    const agentToken = (audience: string | undefined = "pods.eks.amazonaws.com") => ({
        name: "eks-pod-identity-token",
        projected: { sources: [{ serviceAccountToken: { audience, path: "eks-pod-identity-token" } }] },
    });

    it("is that of a Pod Identity association when every container has it, init containers too", () => {
        const spec = {
            initContainers: [ofPodIdentity("init")],
            containers: [ofPodIdentity("a"), ofPodIdentity("b")],
            volumes: [agentToken()],
        };
        const variable = "AWS_CONTAINER_CREDENTIALS_FULL_URI";
        assert.deepEqual(credentialSource(spec), {
            kind: "containerCredentials",
            what: ["init", "a", "b"].map((name) => `${variable} of container ${name}`).join(", "),
        });
        for (const containers of [
            [ofPodIdentity("a"), plainContainer("b")],
            [ofPodIdentity("a"), ofPodIdentity("b", { AWS_PROFILE: "x" })],
            [ofPodIdentity("a"), ofPodIdentity("b", { AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: "/x" })],
        ]) {
            assert.equal(credentialSource({ containers }).kind, "other");
        }
    });

    it("is the same at the agent's IPv6 address", () => {
        const address = { AWS_CONTAINER_CREDENTIALS_FULL_URI: "http://[fd00:ec2::23]/v1/credentials" };
        const spec = { containers: [ofPodIdentity("a", address)], volumes: [agentToken()] };
        assert.deepEqual(credentialSource(spec), {
            kind: "containerCredentials",
            what: "AWS_CONTAINER_CREDENTIALS_FULL_URI of container a",
        });
    });

    const unusable: [string, CredentialContainer, ReturnType<typeof agentToken>[], string][] = [
        [
            "the address is another one",
            ofPodIdentity("a", { AWS_CONTAINER_CREDENTIALS_FULL_URI: "http://169.254.170.2/v2" }),
            [agentToken()],
            "has the address http://169.254.170.2/v2, which is not the agent's",
        ],
        [
            "the address only begins like the agent's",
            ofPodIdentity("a", { AWS_CONTAINER_CREDENTIALS_FULL_URI: "http://169.254.170.23.example.com/v1" }),
            [agentToken()],
            "has the address http://169.254.170.23.example.com/v1, which is not the agent's",
        ],
        [
            "the variable of the token file is missing",
            ofPodIdentity("a", { AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: "" }),
            [agentToken()],
            "has no AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
        ],
        [
            "no token is mounted",
            ofPodIdentity("a"),
            [],
            `has no token mounted at ${agentFolder}/eks-pod-identity-token`,
        ],
        [
            "the token is for another audience",
            ofPodIdentity("a"),
            [agentToken("sts.amazonaws.com")],
            "has a token for sts.amazonaws.com, not pods.eks.amazonaws.com",
        ],
    ];
    for (const [why, container, volumes, fault] of unusable) {
        it(`is that of an association which cannot be used if ${why}`, () => {
            const credentials = credentialSource({ containers: [container, ofPodIdentity("b")], volumes });
            const found = credentials.kind === "containerCredentials" ? (credentials.fault ?? "") : credentials.kind;
            assert.equal(found.split("; ")[0], `container a ${fault}`);
        });
    }

    for (const half of ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"]) {
        it(`is not changed by ${half} alone, which the SDK ignores`, () =>
            assert.deepEqual(
                credentialSource(withFirst(injected("aws-node", { [half]: "x" }))),
                credentialSource(injectedPod),
            ));
    }

    it("is the role when a profile or container credentials are set as well, which come after it", () => {
        const more = { AWS_PROFILE: "x", AWS_CONTAINER_CREDENTIALS_FULL_URI: "http://169.254.170.23/v1/credentials" };
        assert.deepEqual(credentialSource(withFirst(injected("aws-node", more))), credentialSource(injectedPod));
    });

    it("does not show the value of a key", () => {
        assert.doesNotMatch(
            JSON.stringify(credentialSource({ containers: [plainContainer("aws-node", keys)] })),
            /AKIA|"secret"/,
        );
    });

    it("has the same source and the same roles whatever the order of the containers", () => {
        const container = fc.constantFrom(
            injected("good"),
            injected("other", { AWS_ROLE_ARN: otherArn }),
            plainContainer("skipped"),
            plainContainer("keys", keys),
            plainContainer("credentialSource", {
                AWS_CONTAINER_CREDENTIALS_FULL_URI: "http://169.254.170.23/v1/credentials",
            }),
        );
        const shuffled = fc
            .array(container, { minLength: 1, maxLength: 6 })
            .chain((list) => fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length })));
        const essence = (containers: readonly CredentialContainer[], split: number) => {
            const spec = { initContainers: containers.slice(0, split), containers: containers.slice(split) };
            const credentials = credentialSource({ ...spec, volumes: [tokenVolume()] });
            return [
                credentials.kind,
                "roleArn" in credentials && credentials.roleArn,
                "roleArns" in credentials && credentials.roleArns,
            ];
        };
        fc.assert(
            fc.property(shuffled, fc.nat(6), ([list, reordered], split) =>
                assert.deepEqual(essence(reordered, split), essence(list, 0)),
            ),
        );
    });

    it("is the role only if each container has it", () => {
        const container = fc.constantFrom(
            injected("good"),
            injected("other", { AWS_ROLE_ARN: otherArn }),
            plainContainer("skipped"),
        );
        fc.assert(
            fc.property(fc.array(container, { minLength: 1 }), (containers) => {
                const { kind } = credentialSource({ containers, volumes: [tokenVolume()] });
                const same = new Set(containers.map(({ name }) => name)).size === 1;
                assert.equal(kind === "webIdentity", same && containers[0]?.name !== "skipped");
            }),
        );
    });
});
