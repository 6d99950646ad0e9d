import * as assert from "assert";
import * as fs from "fs";
import * as path from "path";
import { AttachRolePolicyCommand, CreatePolicyCommand, CreateRoleCommand } from "@aws-sdk/client-iam";
import { createHash } from "crypto";
import type { Sandbox } from "local-eks";
import { CniServiceAccountRole, IpFamily } from "../../index";
import { clusterOf, uids } from "./support/cluster";
import { recordEvents } from "./support/events";
import { iamOf } from "./support/iam";
import { sandboxOf } from "./support/sandboxes";
import { StateResource } from "./support/states";
import { withStack } from "./support/stacks";

const STATES = path.join(__dirname, "..", "fixtures", "states");
const ROLE_ARN = "eks.amazonaws.com/role-arn";

/** As 0.1.0 computed it. With another digest for the same delivery, each upgrade would restart the pods. */
function deliveredBy010(roleId: string, roleArn: string): string {
    return createHash("sha256")
        .update(JSON.stringify([roleId, [[ROLE_ARN, roleArn]]]))
        .digest("hex")
        .slice(0, 16);
}

/** The recorded state, with the values for its placeholders: account, cluster and project. */
function recordedState(file: string, values: Record<string, string>) {
    const text = fs.readFileSync(path.join(STATES, file), "utf8");
    const filled = text.replace(/\{\{(\w+)\}\}/g, (placeholder, name: string) => values[name] ?? placeholder);
    return JSON.parse(filled) as { version: number; deployment: { resources: StateResource[] } };
}

/** Creates the IAM resources that a state lists, from their inputs. Returns the role's unique ID. */
async function createResources(sandbox: Sandbox, resources: StateResource[]): Promise<string> {
    const { client } = iamOf(sandbox);
    const inputsOf = (type: string) =>
        resources.filter((resource) => resource.type === type).map(({ inputs }) => inputs as Record<string, string>);
    let roleId = "";
    for (const { name, assumeRolePolicy } of inputsOf("aws:iam/role:Role")) {
        const role = { RoleName: name, AssumeRolePolicyDocument: assumeRolePolicy };
        roleId = (await client.send(new CreateRoleCommand(role))).Role?.RoleId ?? "";
    }
    for (const { name, description, policy } of inputsOf("aws:iam/policy:Policy")) {
        const customPolicy = { PolicyName: name, Description: description, PolicyDocument: policy };
        await client.send(new CreatePolicyCommand(customPolicy));
    }
    for (const { role, policyArn } of inputsOf("aws:iam/rolePolicyAttachment:RolePolicyAttachment")) {
        await client.send(new AttachRolePolicyCommand({ RoleName: role, PolicyArn: policyArn }));
    }
    return roleId;
}

/** Applies the patches of the state to the cluster, with their field manager. */
async function applyPatches(sandbox: Sandbox, resources: StateResource[]): Promise<void> {
    const cluster = clusterOf(sandbox);
    for (const { inputs, outputs } of resources.filter(({ type }) => type.endsWith("Patch"))) {
        const file = path.join(sandbox.directory, "patch.json");
        fs.writeFileSync(file, JSON.stringify(inputs));
        const manager = `--field-manager=${String(outputs?.["__fieldManager"])}`;
        await cluster.kubectl("apply", "--server-side", manager, "-f", file);
    }
    await cluster.settled();
}

describe("an upgrade of this package", () => {
    for (const ipFamily of [IpFamily.Ipv4, IpFamily.Ipv6]) {
        it(`from 0.1.0 writes to the cluster that there are no live checks, nothing else, and restarts no pod, on ${ipFamily}`, async () => {
            const sandbox = await sandboxOf(ipFamily);
            const [cluster, iam] = [clusterOf(sandbox), iamOf(sandbox)];
            await cluster.settled();
            const roleName = `upgraded-${ipFamily}`;
            const program = () => {
                // The recorded inputs of the component have no default IP family, so the program must not pass one either.
                const family = ipFamily === IpFamily.Ipv6 ? { ipFamily } : {};
                const args = { clusterName: sandbox.clusterName, liveChecks: false, roleName, ...family };
                return { ready: new CniServiceAccountRole("cni", args).ready };
            };
            await withStack(sandbox, program, async (stack) => {
                const file = `0.1.0-${ipFamily}.json`;
                const placeholders = {
                    account: sandbox.accountId,
                    issuer: sandbox.issuer.replace("https://", ""),
                    project: (await stack.workspace.projectSettings()).name,
                };
                const roleId = await createResources(sandbox, recordedState(file, placeholders).deployment.resources);
                const roleArn = `arn:aws:iam::${sandbox.accountId}:role/${roleName}`;
                const state = recordedState(file, {
                    ...placeholders,
                    roleId,
                    delivered: deliveredBy010(roleId, roleArn),
                });
                await applyPatches(sandbox, state.deployment.resources);
                const pods = await cluster.awsNodePods();

                await stack.importStack(state);
                const { onEvent, done } = recordEvents();
                const { outputs } = await stack.up({ onEvent });
                assert.deepStrictEqual(done(), ["update cni", "update cni-service-account"]);
                assert.strictEqual((await cluster.annotations())["eks-cni/live-checks"], "off");
                assert.strictEqual(outputs["ready"]?.value, roleArn);
                assert.deepStrictEqual(uids(await cluster.awsNodePods()), uids(pods));
            });
            assert.strictEqual(await iam.role(roleName), undefined);
            assert.strictEqual((await cluster.annotations())[ROLE_ARN], undefined);
        });
    }
});
