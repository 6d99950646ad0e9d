import assert from "node:assert/strict";

import {
    eksDefaults,
    injectionPatch,
    type InjectionDefaults,
    type PatchOperation,
} from "../../../identityWebhook/injection";
import type { Container, Pod, ServiceAccount, Volume } from "../../../identityWebhook/pod";

const roleArn = "arn:aws:iam::111122223333:role/cni";
const mountPath = "/var/run/secrets/eks.amazonaws.com/serviceaccount";
const defaults = eksDefaults("us-west-2");

/** A service account as the AWS page leaves it. */
function account(more: Record<string, string> = {}): ServiceAccount {
    return { metadata: { name: "aws-node", annotations: { "eks.amazonaws.com/role-arn": roleArn, ...more } } };
}

function pod(containers: Container[] = [{ name: "aws-node" }], spec = {}, annotations = {}): Pod {
    return { metadata: { name: "aws-node-x", annotations }, spec: { containers, ...spec } };
}

const variables = [
    { name: "AWS_STS_REGIONAL_ENDPOINTS", value: "regional" },
    { name: "AWS_DEFAULT_REGION", value: "us-west-2" },
    { name: "AWS_REGION", value: "us-west-2" },
    { name: "AWS_ROLE_ARN", value: roleArn },
    { name: "AWS_WEB_IDENTITY_TOKEN_FILE", value: `${mountPath}/token` },
];
const mount = { name: "aws-iam-token", readOnly: true, mountPath };
function tokenVolume(expirationSeconds = 86400, audience = "sts.amazonaws.com"): Volume {
    return {
        name: "aws-iam-token",
        projected: { sources: [{ serviceAccountToken: { audience, expirationSeconds, path: "token" } }] },
    };
}

/** The patch for a pod whose account the webhook knows. */
function patchFor(
    subject: Pod,
    serviceAccount: ServiceAccount | undefined,
    settings: InjectionDefaults = defaults,
): PatchOperation[] | undefined {
    return injectionPatch(subject, { serviceAccount }, settings);
}

function patchOfPodIdentity(
    subject: Pod,
    serviceAccount: ServiceAccount | undefined = account(),
    random = () => 0,
): PatchOperation[] | undefined {
    return injectionPatch(subject, { serviceAccount, hasPodIdentity: true, random }, defaults);
}

function valueAt(patch: PatchOperation[] | undefined, path: string): unknown {
    return patch?.find((operation) => operation.path === path)?.value;
}
function containersOf(patch: PatchOperation[] | undefined): Container[] {
    return valueAt(patch, "/spec/containers") as Container[];
}
function expirationOf(patch: PatchOperation[] | undefined): number | undefined {
    const [volume] = valueAt(patch, "/spec/volumes") as Volume[];
    return volume?.projected?.sources?.[0]?.serviceAccountToken?.expirationSeconds;
}
function namesOf(container: Container | undefined): string[] {
    return (container?.env ?? []).map((variable) => variable.name);
}

describe("the identity webhook's injection", () => {
    it("gives every container and init container the variables and the token", () => {
        const spec = { initContainers: [{ name: "aws-vpc-cni-init" }], volumes: [{ name: "log-dir" }] };
        const patch = patchFor(pod([{ name: "aws-node" }, { name: "aws-eks-nodeagent" }], spec), account());
        assert.deepEqual(patch, [
            { op: "add", path: "/spec/volumes/0", value: tokenVolume() },
            {
                op: "add",
                path: "/spec/containers",
                value: [
                    { name: "aws-node", env: variables, volumeMounts: [mount] },
                    { name: "aws-eks-nodeagent", env: variables, volumeMounts: [mount] },
                ],
            },
            {
                op: "add",
                path: "/spec/initContainers",
                value: [{ name: "aws-vpc-cni-init", env: variables, volumeMounts: [mount] }],
            },
        ]);
    });

    it("adds to what a container has, and changes none of it", () => {
        const container = {
            name: "aws-node",
            env: [{ name: "WARM_ENI_TARGET", value: "1" }],
            volumeMounts: [{ name: "log-dir", mountPath: "/host/var/log" }],
        };
        assert.deepEqual(containersOf(patchFor(pod([container]), account())), [
            {
                name: "aws-node",
                env: [...container.env, ...variables],
                volumeMounts: [...container.volumeMounts, mount],
            },
        ]);
    });

    it("makes the list of volumes where there is none", () =>
        assert.deepEqual(valueAt(patchFor(pod(), account()), "/spec/volumes"), [tokenVolume()]));

    describe("leaves the pod alone", () => {
        const cases: [string, Pod, ServiceAccount | undefined][] = [
            ["when the service account is not known yet", pod(), undefined],
            ["when the service account has no annotation", pod(), { metadata: { name: "aws-node" } }],
            ["when the role ARN is empty", pod(), account({ "eks.amazonaws.com/role-arn": "" })],
        ];
        for (const [when, subject, serviceAccount] of cases) {
            it(when, () => assert.equal(patchFor(subject, serviceAccount), undefined));
        }
    });

    describe("keeps a volume aws-iam-token and gives the variables and the mount all the same", () => {
        const volumes: [string, Volume][] = [
            ["another kind of volume", { name: "aws-iam-token", emptyDir: {} }],
            ["a token for another audience", tokenVolume(3600, "vault")],
        ];
        for (const [what, volume] of volumes) {
            it(`when it is ${what}`, () =>
                assert.deepEqual(patchFor(pod(undefined, { volumes: [volume] }), account()), [
                    {
                        op: "add",
                        path: "/spec/containers",
                        value: [{ name: "aws-node", env: variables, volumeMounts: [mount] }],
                    },
                ]));
        }
    });

    it("keeps the token's volume when it is there already, as on a second invocation", () => {
        const subject = pod([{ name: "aws-node", env: variables, volumeMounts: [mount] }, { name: "sidecar" }], {
            volumes: [tokenVolume()],
        });
        assert.deepEqual(patchFor(subject, account()), [
            {
                op: "add",
                path: "/spec/containers",
                value: [
                    { name: "aws-node", env: variables, volumeMounts: [mount] },
                    { name: "sidecar", env: variables, volumeMounts: [mount] },
                ],
            },
        ]);
    });

    describe("keeps a container's own", () => {
        const cases: [string, string, string[]][] = [
            ["role, and gives it no token file", "AWS_ROLE_ARN", ["AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE"]],
            [
                "token file, and gives it no role",
                "AWS_WEB_IDENTITY_TOKEN_FILE",
                ["AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE"],
            ],
            ["region, and gives it no default region", "AWS_REGION", ["AWS_REGION", "AWS_DEFAULT_REGION"]],
            ["default region, and gives it no region", "AWS_DEFAULT_REGION", ["AWS_REGION", "AWS_DEFAULT_REGION"]],
            ["choice of the STS endpoint", "AWS_STS_REGIONAL_ENDPOINTS", ["AWS_STS_REGIONAL_ENDPOINTS"]],
        ];
        for (const [what, name, group] of cases) {
            it(what, () => {
                const own = { name, value: "own" };
                const [container] = containersOf(patchFor(pod([{ name: "aws-node", env: [own] }]), account()));
                const others = variables.filter((variable) => !group.includes(variable.name));
                assert.deepEqual(container?.env, [own, ...others]);
                assert.deepEqual(container.volumeMounts, [mount]);
            });
        }

        it("set of all three, and does not even mount the token there", () => {
            const env = ["AWS_ROLE_ARN", "AWS_REGION", "AWS_STS_REGIONAL_ENDPOINTS"].map((name) => ({
                name,
                value: "own",
            }));
            const [container] = containersOf(patchFor(pod([{ name: "aws-node", env }]), account()));
            assert.deepEqual(container, { name: "aws-node", env });
        });
    });

    describe("follows the annotations of the service account", () => {
        it("for the audience", () => {
            const patch = patchFor(pod(), account({ "eks.amazonaws.com/audience": "vault" }));
            assert.deepEqual(valueAt(patch, "/spec/volumes"), [tokenVolume(86400, "vault")]);
        });

        const endpoints: [string, boolean, boolean][] = [
            ["true", false, true],
            ["T", false, true],
            ["1", false, true],
            ["false", true, false],
            ["F", true, false],
            ["0", true, false],
            ["yes", true, true],
            ["no", false, false],
        ];
        for (const [value, byDefault, expected] of endpoints) {
            it(`for the STS endpoint: ${value}, where the default is ${byDefault}, gives ${expected}`, () => {
                const serviceAccount = account({ "eks.amazonaws.com/sts-regional-endpoints": value });
                const patch = patchFor(pod(), serviceAccount, { ...defaults, regionalStsEndpoints: byDefault });
                assert.equal(namesOf(containersOf(patch)[0]).includes("AWS_STS_REGIONAL_ENDPOINTS"), expected);
            });
        }

        const expirations: [string, number][] = [
            ["3600", 3600],
            ["600", 600],
            ["599", 600],
            ["-1", 600],
            ["an hour", 86400],
            ["3600.5", 86400],
            ["+700", 700],
            ["007200", 7200],
            ["9223372036854775808", 86400],
            ["-9223372036854775809", 86400],
        ];
        for (const [value, expected] of expirations) {
            it(`for the token's expiration: ${value} gives ${expected} seconds`, () => {
                const serviceAccount = account({ "eks.amazonaws.com/token-expiration": value });
                assert.equal(expirationOf(patchFor(pod(), serviceAccount)), expected);
            });
        }
    });

    describe("follows the annotations of the pod", () => {
        const serviceAccount = account({ "eks.amazonaws.com/token-expiration": "7200" });
        const expirations: [string, number][] = [
            ["3600", 3600],
            ["0", 600],
            ["soon", 7200],
        ];
        for (const [value, expected] of expirations) {
            it(`before the service account's for the token's expiration: ${value} gives ${expected} seconds`, () => {
                const subject = pod(undefined, {}, { "eks.amazonaws.com/token-expiration": value });
                assert.equal(expirationOf(patchFor(subject, serviceAccount)), expected);
            });
        }

        const skipped: [string, string[]][] = [
            ["aws-node", ["sidecar"]],
            ["aws-node,sidecar", []],
            ['"aws-node",sidecar', []],
            ["aws-node, sidecar", ["sidecar"]],
            ['aws"-node', ["aws-node", "sidecar"]],
            ["", ["aws-node", "sidecar"]],
            ['"aws-node,sidecar"', ["aws-node", "sidecar"]],
            ['"aws""node",sidecar', ["aws-node"]],
            ["\n\naws-node\nsidecar", ["sidecar"]],
            ["aws-node\r\nsidecar", ["sidecar"]],
            ["aws-node\r", ["sidecar"]],
        ];
        for (const [value, expected] of skipped) {
            it(`for containers to skip: [${value}] injects [${expected.join()}]`, () => {
                const subject = pod(
                    [{ name: "aws-node" }, { name: "sidecar" }],
                    {},
                    {
                        "eks.amazonaws.com/skip-containers": value,
                    },
                );
                const injected = containersOf(patchFor(subject, account())).filter((c) => c.env);
                assert.deepEqual(
                    injected.map((container) => container.name),
                    expected,
                );
            });
        }

        it("for init containers to skip too", () => {
            const subject = pod(
                undefined,
                { initContainers: [{ name: "init" }] },
                {
                    "eks.amazonaws.com/skip-containers": "init",
                },
            );
            const patch = patchFor(subject, account());
            assert.deepEqual(valueAt(patch, "/spec/initContainers"), [{ name: "init" }]);
        });
    });

    it("writes the token file's path as Windows does, where the pod asks for Windows", () => {
        const subject = pod(undefined, { nodeSelector: { "kubernetes.io/os": "windows" } });
        const [container] = containersOf(patchFor(subject, account()));
        assert.equal(
            container?.env?.find((variable) => variable.name === "AWS_WEB_IDENTITY_TOKEN_FILE")?.value,
            "C:\\var\\run\\secrets\\eks.amazonaws.com\\serviceaccount\\token",
        );
    });

    describe("for a service account with a Pod Identity association", () => {
        const folder = "/var/run/secrets/pods.eks.amazonaws.com/serviceaccount";
        const name = "eks-pod-identity-token";

        it("gives container credentials and their token, and no role, also where the account names one", () => {
            const patch = patchOfPodIdentity(pod());
            const [container] = containersOf(patch);
            assert.deepEqual(container?.env?.slice(3), [
                { name: "AWS_CONTAINER_CREDENTIALS_FULL_URI", value: "http://169.254.170.23/v1/credentials" },
                { name: "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", value: `${folder}/${name}` },
            ]);
            assert.deepEqual(container.volumeMounts, [{ name, readOnly: true, mountPath: folder }]);
            const token = { audience: "pods.eks.amazonaws.com", expirationSeconds: 79200, path: name };
            assert.deepEqual(valueAt(patch, "/spec/volumes"), [
                { name, projected: { sources: [{ serviceAccountToken: token }] } },
            ]);
        });

        it("gives them to an account that the webhook's cache does not have, without the regional endpoint", () => {
            const patch = injectionPatch(pod(), { serviceAccount: undefined, hasPodIdentity: true }, defaults);
            assert.deepEqual(namesOf(containersOf(patch)[0]), [
                "AWS_DEFAULT_REGION",
                "AWS_REGION",
                "AWS_CONTAINER_CREDENTIALS_FULL_URI",
                "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
            ]);
        });

        it("labels the pod first, also one that has labels", () => {
            const labelOf = (labels?: Record<string, string>) =>
                patchOfPodIdentity({ ...pod(), metadata: { ...(labels && { labels }) } })?.[0];
            assert.deepEqual(labelOf(), {
                op: "add",
                path: "/metadata/labels",
                value: { "eks.amazonaws.com/pod-identity": "enabled" },
            });
            assert.deepEqual(labelOf({ "k8s-app": "aws-node" }), {
                op: "add",
                path: "/metadata/labels/eks.amazonaws.com~1pod-identity",
                value: "enabled",
            });
            assert.equal(valueAt(patchFor(pod(), account()), "/metadata/labels"), undefined);
        });

        const spread: [string, Record<string, string>, number, number][] = [
            ["the default, from the least", {}, 0, 79200],
            ["the default, to the most", {}, 0.99999, 86400],
            [
                "the default where an annotation states it",
                { "eks.amazonaws.com/token-expiration": "86400" },
                0.5,
                82800,
            ],
            ["nothing else", { "eks.amazonaws.com/token-expiration": "86399" }, 0.5, 86399],
        ];
        for (const [what, annotations, random, expected] of spread) {
            it(`spreads the token's expiration: ${what}`, () => {
                const patch = patchOfPodIdentity(pod(), account(annotations), () => random);
                assert.equal(expirationOf(patch), expected);
            });
        }

        it("spreads no expiration of a web identity", () =>
            assert.equal(
                expirationOf(injectionPatch(pod(), { serviceAccount: account(), random: () => 0 }, defaults)),
                86400,
            ));

        it("keeps a container's own container credentials", () => {
            const own = { name: "AWS_CONTAINER_CREDENTIALS_FULL_URI", value: "http://127.0.0.1/mine" };
            const [container] = containersOf(patchOfPodIdentity(pod([{ name: "aws-node", env: [own] }])));
            assert.deepEqual(namesOf(container), [
                own.name,
                "AWS_STS_REGIONAL_ENDPOINTS",
                "AWS_DEFAULT_REGION",
                "AWS_REGION",
            ]);
        });
    });
});
