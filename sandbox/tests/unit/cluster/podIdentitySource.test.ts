import assert from "node:assert/strict";

import { identitySourceOf } from "../../../cluster/podIdentitySource";

const roleArn = "arn:aws:iam::111122223333:role/cni";
const folder = "/var/run/secrets/eks.amazonaws.com/serviceaccount";

/** A pod whose container aws-node has these variables, and a token at `<folder>/token` unless it is left out. */
function pod(env: Record<string, string>, token?: { audience?: string; expirationSeconds?: number }) {
    const variables = Object.entries(env).map(([name, value]) => ({ name, value }));
    const serviceAccountToken = token && { ...token, path: "token" };
    return {
        spec: {
            containers: [
                { name: "aws-eks-nodeagent", env: [] },
                {
                    name: "aws-node",
                    env: variables,
                    volumeMounts: [
                        { name: "log-dir", mountPath: "/host/var/log" },
                        { name: "aws-iam-token", mountPath: `${folder}/` },
                    ],
                },
            ],
            volumes: [
                { name: "log-dir" },
                ...(serviceAccountToken
                    ? [{ name: "aws-iam-token", projected: { sources: [{ serviceAccountToken }] } }]
                    : []),
            ],
        },
    };
}

const webIdentity = { AWS_ROLE_ARN: roleArn, AWS_WEB_IDENTITY_TOKEN_FILE: `${folder}/token` };
const container = {
    AWS_CONTAINER_CREDENTIALS_FULL_URI: "http://169.254.170.23/v1/credentials",
    AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: `${folder}/token`,
};
const token = { audience: "sts.amazonaws.com", expirationSeconds: 86400 };

describe("where a pod's credentials come from", () => {
    it("is the token file and its role, before anything else", () =>
        assert.deepEqual(identitySourceOf(pod({ ...container, ...webIdentity }, token), "aws-node"), {
            source: "webIdentity",
            roleArn,
            token,
        }));

    it("is the token file also when no volume leads there: there is no falling back", () =>
        assert.deepEqual(identitySourceOf(pod(webIdentity), "aws-node"), {
            source: "webIdentity",
            roleArn,
            token: undefined,
        }));

    it("is the Pod Identity agent before the instance's role", () =>
        assert.deepEqual(identitySourceOf(pod(container, { audience: "pods.eks.amazonaws.com" }), "aws-node"), {
            source: "containerCredentials",
            uri: "http://169.254.170.23/v1/credentials",
            token: { audience: "pods.eks.amazonaws.com", expirationSeconds: 3600 },
        }));

    it("is the instance's role for a role without a token file, and for another container", () => {
        assert.deepEqual(identitySourceOf(pod({ AWS_ROLE_ARN: roleArn }, token), "aws-node"), {
            source: "instanceRole",
        });
        assert.deepEqual(identitySourceOf(pod(webIdentity, token), "aws-eks-nodeagent"), { source: "instanceRole" });
    });
});
