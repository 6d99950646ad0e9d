import {
    EKSClient,
    ListPodIdentityAssociationsCommand,
    UpdatePodIdentityAssociationCommand,
} from "@aws-sdk/client-eks";
import type { Stack } from "@pulumi/pulumi/automation";
import * as assert from "assert";
import type { Sandbox } from "local-eks";
import { Delivery } from "../../index";
import { NODE_ROLE } from "./support/addOn";
import { clusterOf, uids } from "./support/cluster";
import { recordWarnings } from "./support/events";
import { handOverSandbox, handOverStack, MANAGED_CNI_POLICY, setArgs } from "./support/handOver";
import { iamOf } from "./support/iam";
import { describeNightly } from "./support/quiet";
import { failureOf } from "./support/stacks";

const CREDENTIALS = "AWS_CONTAINER_CREDENTIALS_FULL_URI";

/** EKS_CNI_NIGHTLY=1 runs it. What the messages advise is done, and works. */
describeNightly("after a hand-over to Pod Identity", () => {
    let sandbox: Sandbox;
    let cluster: ReturnType<typeof clusterOf>;
    let iam: ReturnType<typeof iamOf>;
    let stack: Stack;

    const holdsPolicy = async () => (await iam.attachedPolicies(NODE_ROLE)).includes(MANAGED_CNI_POLICY);
    const withCredentials = async () =>
        (await cluster.core.listNamespacedPod({ namespace: "kube-system", labelSelector: "k8s-app=aws-node" })).items
            .filter(({ metadata }) => metadata?.deletionTimestamp === undefined)
            .map(({ spec }) => spec?.containers.every(({ env = [] }) => env.some(({ name }) => name === CREDENTIALS)));
    const roleArn = async () => (await stack.outputs())["roleArn"]?.value as string;

    async function changeAssociation(change: { targetRoleArn: string }): Promise<void> {
        const { awsEndpoint: endpoint, region, clusterName } = sandbox;
        const eks = new EKSClient({ endpoint, region, credentials: { accessKeyId: "test", secretAccessKey: "test" } });
        const { associations: [{ associationId } = {}] = [] } = await eks.send(
            new ListPodIdentityAssociationsCommand({ clusterName }),
        );
        await eks.send(new UpdatePodIdentityAssociationCommand({ clusterName, associationId, ...change }));
    }

    async function assertHandedOver(): Promise<void> {
        assert.deepStrictEqual([await withCredentials(), await holdsPolicy()], [[true, true], false]);
        await stack.up({ expectNoChanges: true });
        await stack.refresh({ expectNoChanges: true });
    }

    before(async () => {
        sandbox = await handOverSandbox("pod-identity-changed", {
            agents: true,
            podIdentityAgent: true,
            failedStartFactor: 0.02,
            associationDelays: { webhooks: [2, 4], eksAuth: [1, 3] },
        });
        cluster = clusterOf(sandbox);
        iam = iamOf(sandbox);
        await cluster.settled();
        stack = await handOverStack(sandbox);
        await setArgs(stack, sandbox, { delivery: Delivery.PodIdentity, detachFromNodeRoles: [NODE_ROLE] });
        await stack.up();
    });
    after(async () => {
        await stack.workspace.removeStack(stack.name, { force: true });
        await sandbox.stop();
    });

    it("a target role of the association stops the next update, and destroy and up take it away, as the message says", async () => {
        await assertHandedOver();
        const trust = {
            Version: "2012-10-17",
            Statement: [
                { Effect: "Allow", Principal: { AWS: await roleArn() }, Action: ["sts:AssumeRole", "sts:TagSession"] },
            ],
        };
        const { Arn: targetRoleArn = "" } = await iam.createRole("target", trust, [MANAGED_CNI_POLICY]);
        await changeAssociation({ targetRoleArn });
        const before = uids(await cluster.awsNodePods());
        const { warnings, onEvent } = recordWarnings();
        await stack.refresh({ onEvent });
        assert.match(
            warnings.join("\n"),
            new RegExp(`has the target role ${targetRoleArn}\\. It must have the role .*Run pulumi destroy`),
        );
        assert.match(
            (await failureOf(stack.up({ refresh: true }))) ?? "",
            /\[association-differs\][^]*Run pulumi destroy/,
        );
        assert.deepStrictEqual(uids(await cluster.awsNodePods()), before);
        await stack.destroy();
        await cluster.settled();
        assert.deepStrictEqual([await withCredentials(), await holdsPolicy()], [[false, false], true]);
        await stack.up();
        await assertHandedOver();
        await iam.removeRole("target");
    });

    it("a role that is deleted by hand is made again by up --refresh, and every pod gets the new one", async () => {
        const [old, before] = [await roleArn(), uids(await cluster.awsNodePods())];
        await iam.removeRole(old.split("/").at(-1) ?? "");
        await stack.up({ refresh: true });
        assert.notStrictEqual(await roleArn(), old);
        assert.deepStrictEqual(
            uids(await cluster.awsNodePods()).filter((uid) => before.includes(uid)),
            [],
        );
        await assertHandedOver();
    });

    it("a role that is deleted by hand does not keep destroy from moving the pods to the node roles", async () => {
        await iam.removeRole((await roleArn()).split("/").at(-1) ?? "");
        await stack.destroy();
        await cluster.settled();
        assert.deepStrictEqual([await withCredentials(), await holdsPolicy()], [[false, false], true]);
    });
});
