import { chmodSync, readFileSync, writeFileSync } from "fs";
import * as path from "path";
import { PutRolePolicyCommand } from "@aws-sdk/client-iam";
import { AssumeRoleCommand, STSClient } from "@aws-sdk/client-sts";
import type { EngineEvent, Stack } from "@pulumi/pulumi/automation";
import { agentResults, probeResults, type Sandbox } from "local-eks";
import { loadKubeconfig } from "local-eks/kubernetes";
import { figuresOf } from "../../continuity/monitor/gaps";
import { Monitor } from "../../continuity/monitor/monitor";
import { iamOf } from "./iam";

const DEPLOYER = "deployer";

/** Creates a role with all permissions, as a deployment pipeline has. */
export async function createDeployerRole(sandbox: Sandbox): Promise<void> {
    const iam = iamOf(sandbox);
    const document = (statement: object) => ({ Version: "2012-10-17", Statement: [{ Effect: "Allow", ...statement }] });
    const operator = { AWS: `arn:aws:iam::${sandbox.accountId}:user/operator` };
    await iam.createRole(DEPLOYER, document({ Principal: operator, Action: "sts:AssumeRole" }), []);
    const PolicyDocument = JSON.stringify(document({ Action: "*", Resource: "*" }));
    await iam.client.send(new PutRolePolicyCommand({ RoleName: DEPLOYER, PolicyName: "everything", PolicyDocument }));
}

/** Temporary credentials of the deployer role. */
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
            // IAM takes a moment until the new role can be assumed.
            if (attempt === 20) {
                throw error;
            }
            await new Promise((resolve) => setTimeout(resolve, 500));
        }
    }
}

/** Sets environment variables for the operations of a stack. An empty string unsets a variable. */
export function setEnvironment(stack: Stack, variables: Readonly<Record<string, string>>): void {
    Object.assign(stack.workspace.envVars, variables);
}

/** Calls `act` once, when a message of the run first matches. */
export function when(pattern: RegExp, act: () => Promise<unknown>) {
    let done: Promise<unknown> | undefined;
    return {
        onEvent: ({ diagnosticEvent }: EngineEvent): void => {
            if (done === undefined && diagnosticEvent !== undefined && pattern.test(diagnosticEvent.message)) {
                done = act();
            }
        },
        /** Whether `act` was called. Waits for it. */
        happened: async (): Promise<boolean> => {
            await done;
            return done !== undefined;
        },
    };
}

/** The sandbox's kubeconfig with other credentials. */
export function kubeconfigWith({ kubeconfigPath }: Sandbox, user: object): string {
    const config = JSON.parse(loadKubeconfig(kubeconfigPath).exportConfig()) as { users: { user: object }[] };
    return JSON.stringify({ ...config, users: config.users.map((one) => ({ ...one, user })) });
}

/** A service account token, as in old long-lived kubeconfigs. It expired in 2023. */
export function expiredToken(): string {
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
    return `${part({ alg: "RS256" })}.${part({ exp: 1_700_000_000, sub: "system:serviceaccount:ci:deployer" })}.c2lnbmF0dXJl`;
}

/** A credential command like `aws eks get-token`. Each token claims to expire after `seconds`. */
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

/** Starts the monitor. `gaps` lists the times since then in which a pod, other than a canary, had no path to the permissions. */
export async function watchGaps(sandbox: Sandbox) {
    const monitor = new Monitor(sandbox);
    await monitor.start();
    const from = Date.now();
    return {
        gaps: () => figuresOf(monitor.recording(from, Date.now())).gaps.filter(({ canary }) => !canary),
        stop: () => monitor.stop(),
    };
}

/** What pods were refused: permissions that the probes of their paths asked for, and the CNI's own calls. */
export function refusals(sandbox: Sandbox) {
    return [...probeResults(sandbox), ...agentResults(sandbox)].filter(({ ok }) => !ok);
}
