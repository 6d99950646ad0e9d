import assert from "node:assert/strict";
import { UnsecuredJWT } from "jose";

import { AgentRefusal, PodIdentityAgent } from "../../../../cluster/podIdentity/agent";
import { podIdentityTimes } from "../../../../cluster/podIdentity/times";

const now = 1_800_000_000_000;
const seconds = now / 1000;

interface Claims {
    readonly exp?: number;
    readonly nbf?: number;
    readonly jti?: string;
}

function tokenWith({ exp = seconds + 3600, nbf = seconds, jti = "1" }: Claims = {}): string {
    return new UnsecuredJWT({ "kubernetes.io": { pod: { name: "a", uid: "a" } } })
        .setExpirationTime(exp)
        .setNotBefore(nbf)
        .setJti(jti)
        .encode();
}

describe("the Pod Identity agent of a node", () => {
    let calls: string[];
    const newAgent = () =>
        new PodIdentityAgent({
            fetch: (token) => {
                calls.push(token);
                return Promise.resolve({ expiresAt: now + 3_600_000 });
            },
            times: () => podIdentityTimes,
            now: () => now,
            random: () => 0,
        });
    beforeEach(() => (calls = []));

    // Upstream's cases, by their names there: https://github.com/aws/eks-pod-identity-agent at
    // d4dc0f3fedd795b26ac88755238867a2110c7460, internal/validation/request_test.go
    const valid: [string, string][] = [
        ["passes on valid request", "169.254.170.23"],
        ["passes on valid request IPv6 no braces", "fd00:ec2::23"],
        ["passes on valid request IPv6 with braces", "[fd00:ec2::23]"],
        ["passes on valid request IPv6 with port", "[fd00:ec2::23]:4213"],
    ];
    for (const [name, host] of valid) {
        it(`as upstream's own tests have it: ${name}`, async () => {
            await newAgent().credentials(host, tokenWith());
            assert.equal(calls.length, 1);
        });
    }
    const refused: [string, string, string, number, string][] = [
        ["no SA token passed", "169.254.170.23", "", 400, "Service account token cannot be empty"],
        [
            "no src add passed",
            "124.3.1.2",
            tokenWith(),
            403,
            "Access Denied. Called agent through invalid address, please use either [169.254.170.23 fd00:ec2::23] address not 124.3.1.2",
        ],
        [
            "expired token",
            "169.254.170.23",
            tokenWith({ exp: seconds }),
            400,
            "Service account token failed basic claim validations: token is expired",
        ],
        [
            "token nbf in future",
            "169.254.170.23",
            tokenWith({ nbf: seconds + 3600 }),
            400,
            "Service account token failed basic claim validations: token is not valid yet",
        ],
    ];
    for (const [name, host, token, status, message] of refused) {
        it(`as upstream's own tests have it: ${name}`, async () => {
            const error = await newAgent()
                .credentials(host, token)
                .catch((reason: unknown) => reason);
            assert.ok(error instanceof AgentRefusal);
            assert.deepEqual([error.status, error.message, calls], [status, message, []]);
        });
    }

    it("refuses what is no token", () =>
        assert.rejects(
            newAgent().credentials("169.254.170.23", "no.token"),
            /^BadRequest: Service account token cannot be parsed/,
        ));

    it("asks EKS Auth again for a token that the kubelet has rotated", async () => {
        const agent = newAgent();
        await agent.credentials("169.254.170.23", tokenWith({ jti: "1" }));
        await agent.credentials("169.254.170.23", tokenWith({ jti: "2" }));
        assert.equal(calls.length, 2);
    });
});
