import assert from "node:assert/strict";

import type { V1Pod } from "@kubernetes/client-node";

import type { Session } from "../../../../aws/sts/sessions";
import { type AgentSurroundings, PodAgent } from "../../../../cluster/podAgent";
import { newNetwork } from "../../../../cluster/warmPool";

const minutes = 60_000;

/** A pod with container credentials. */
const pod: V1Pod = {
    metadata: { name: "aws-node-1", uid: "uid" },
    spec: {
        nodeName: "node",
        containers: [
            {
                name: "aws-node",
                env: [
                    { name: "AWS_CONTAINER_CREDENTIALS_FULL_URI", value: "http://169.254.170.23/v1/credentials" },
                    { name: "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", value: "/token/t" },
                ],
                volumeMounts: [{ name: "token", mountPath: "/token" }],
            },
        ],
        volumes: [
            {
                name: "token",
                projected: {
                    sources: [
                        {
                            serviceAccountToken: {
                                audience: "pods.eks.amazonaws.com",
                                expirationSeconds: 86_400,
                                path: "t",
                            },
                        },
                    ],
                },
            },
        ],
    },
};

describe("the SDK in a container with container credentials", () => {
    let now: number;
    /** The agent's answer: a role, an error, or undefined where no agent answers. */
    let answer: string | Error | undefined;
    let asked: { host: string; token: string }[];
    let tokens: number;
    let agent: PodAgent;

    beforeEach(() => {
        [now, answer, asked, tokens] = [0, "first", [], 0];
        const surroundings = {
            aws: {
                instanceCredentials: () => Promise.reject(new Error("the instance's role is not asked")),
                ec2: () => Promise.resolve(),
            },
            stsIsReachable: () => true,
            instanceId: () => Promise.resolve("i-1"),
            token: () => Promise.resolve(`token ${(tokens += 1)}`),
            now: () => now,
            podIdentityAgent: () =>
                answer === undefined
                    ? undefined
                    : {
                          credentials: (host: string, token: string) => {
                              asked.push({ host, token });
                              return answer instanceof Error
                                  ? Promise.reject(answer)
                                  : Promise.resolve({ roleArn: answer, expiresAt: now + 60 * minutes } as Session);
                          },
                      },
            sdkWindowSeconds: () => 300,
            network: newNetwork(),
            podsOnNode: () => 0,
            startFactor: 1,
        } as unknown as AgentSurroundings;
        agent = new PodAgent(pod, surroundings, true);
    });
    const next = async (milliseconds = 0) => {
        now += milliseconds;
        const { ok, roleArn, error } = (await agent.probe()) ?? {};
        return [ok, roleArn, error];
    };

    it("asks the agent of its node at the address of its variable, with the token of its volume", async () => {
        assert.deepEqual(await next(), [true, "first", undefined]);
        assert.deepEqual(asked, [{ host: "169.254.170.23", token: "token 1" }]);
    });

    it("asks for new container credentials five minutes before their end, and falls back to nothing if that fails", async () => {
        await next();
        answer = "second";
        assert.deepEqual(await next(55 * minutes - 1), [true, "first", undefined]);
        answer = Object.assign(new Error("refused"), { name: "ResourceNotFoundException" });
        assert.equal((await next(1))[2], "ResourceNotFoundException");
        answer = undefined;
        assert.equal((await next(1))[2], "ConnectionRefused");
        answer = "second";
        assert.deepEqual(await next(1), [true, "second", undefined]);
    });

    it("drops its credentials with its process, and starts with back-off the second time", async () => {
        await next();
        answer = "second";
        agent.killContainer();
        assert.deepEqual([await agent.step(), agent.restarts], [{ container: "restarted" }, 1]);
        assert.deepEqual(await next(), [true, "second", undefined]);
        agent.killContainer();
        assert.deepEqual(await agent.step(), { container: "backOff" });
        now += 10_000;
        assert.deepEqual(await agent.step(), { container: "restarted" });
        assert.deepEqual(
            asked.map(({ token }) => token),
            ["token 1", "token 1"],
            "the kubelet has written one token",
        );
    });
});
