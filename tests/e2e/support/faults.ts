import { chmodSync, readFileSync, writeFileSync } from "fs";
import * as path from "path";
import { PutRolePolicyCommand } from "@aws-sdk/client-iam";
import { AssumeRoleCommand, STSClient } from "@aws-sdk/client-sts";
import type { EngineEvent, Stack } from "@pulumi/pulumi/automation";
import type { Sandbox } from "local-eks";
import { loadKubeconfig } from "local-eks/kubernetes";
import { figuresOf } from "../../continuity/monitor/gaps";
import { Monitor } from "../../continuity/monitor/monitor";
import { iamOf } from "./iam";

const DEPLOYER = "deployer";

/** A role as a pipeline runs under, which may do everything. */
export async function makeDeployer(sandbox: Sandbox): Promise<void> {
    const iam = iamOf(sandbox);
    const document = (statement: object) => ({ Version: "2012-10-17", Statement: [{ Effect: "Allow", ...statement }] });
    const operator = { AWS: `arn:aws:iam::${sandbox.accountId}:user/operator` };
    await iam.makeRole(DEPLOYER, document({ Principal: operator, Action: "sts:AssumeRole" }), []);
    const PolicyDocument = JSON.stringify(document({ Action: "*", Resource: "*" }));
    await iam.client.send(new PutRolePolicyCommand({ RoleName: DEPLOYER, PolicyName: "everything", PolicyDocument }));
}

/** Credentials of it, with an end. */
export async function deployerSession({ awsEndpoint: endpoint, region, accountId }: Sandbox) {
    const sts = new STSClient({ endpoint, region, credentials: { accessKeyId: "test", secretAccessKey: "test" } });
    const RoleArn = `arn:aws:iam::${accountId}:role/${DEPLOYER}`;
    for (let attempt = 0; ; attempt += 1) {
        try {
            const { Credentials } = await sts.send(new AssumeRoleCommand({ RoleArn, RoleSessionName: "pipeline" }));
            const { AccessKeyId = "", SecretAccessKey = "", SessionToken = "" } = Credentials ?? {};
            return {
                accessKeyId: AccessKeyId,
                environment: {
                    AWS_ACCESS_KEY_ID: AccessKeyId,
                    AWS_SECRET_ACCESS_KEY: SecretAccessKey,
                    AWS_SESSION_TOKEN: SessionToken,
                },
            };
        } catch (error) {
            // The role is in force a moment after it was made.
            if (attempt === 20) {
                throw error;
            }
            await new Promise((resolve) => setTimeout(resolve, 500));
        }
    }
}

/** The operations of a stack run with this in their environment; an empty text takes a variable away. */
export function setEnvironment(stack: Stack, variables: Readonly<Record<string, string>>): void {
    Object.assign(stack.workspace.envVars, variables);
}

/** Does something once, when the run first shows these words. */
export function when(words: RegExp, act: () => Promise<unknown>) {
    let done: Promise<unknown> | undefined;
    return {
        onEvent: ({ diagnosticEvent }: EngineEvent): void => {
            if (done === undefined && diagnosticEvent !== undefined && words.test(diagnosticEvent.message)) {
                done = act();
            }
        },
        /** Whether it has come to that. */
        happened: async (): Promise<boolean> => {
            await done;
            return done !== undefined;
        },
    };
}

/** The sandbox's kubeconfig with another way to credentials. */
export function kubeconfigWith({ kubeconfigPath }: Sandbox, user: object): string {
    const config = JSON.parse(loadKubeconfig(kubeconfigPath).exportConfig()) as { users: { user: object }[] };
    return JSON.stringify({ ...config, users: config.users.map((one) => ({ ...one, user })) });
}

/** A token as EKS's long-lived kubeconfigs of old have it, whose time was over in 2023. */
export function expiredToken(): string {
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
    return `${part({ alg: "RS256" })}.${part({ exp: 1_700_000_000, sub: "system:serviceaccount:ci:deployer" })}.c2lnbmF0dXJl`;
}

/** A credential command as `aws eks get-token` is one: each token is good for so many seconds, by its own word. */
export function credentialCommand(sandbox: Sandbox, seconds: number) {
    const file = path.join(sandbox.directory, "get-token");
    const runs = path.join(sandbox.directory, "get-token-runs");
    const token = loadKubeconfig(sandbox.kubeconfigPath).getCurrentUser()?.token ?? "";
    writeFileSync(runs, "");
    writeFileSync(
        file,
        [
            "#!/bin/sh",
            `echo "$1 $CLUSTER" >> ${runs}`,
            `expiry=$(date -u -d "+${String(seconds)} seconds" +%Y-%m-%dT%H:%M:%SZ)`,
            `echo '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"${token}","expirationTimestamp":"'$expiry'"}}'`,
        ].join("\n"),
    );
    chmodSync(file, 0o700);
    const user = {
        exec: {
            apiVersion: "client.authentication.k8s.io/v1",
            command: file,
            args: ["get-token"],
            env: [{ name: "CLUSTER", value: "prod" }],
            interactiveMode: "Never",
        },
    };
    return { user, runs: () => readFileSync(runs, "utf8").split("\n").filter(Boolean) };
}

/** Pod-seconds without a way to the permissions, canaries apart, from now until it is asked. */
export async function watchGaps(sandbox: Sandbox) {
    const monitor = new Monitor(sandbox);
    await monitor.start();
    const from = Date.now();
    return {
        gaps: () => figuresOf(monitor.recording(from, Date.now())).gaps.filter(({ canary }) => !canary),
        stop: () => monitor.stop(),
    };
}
