import type { Stack } from "@pulumi/pulumi/automation";
import * as assert from "assert";
import { type Sandbox, startSandbox } from "local-eks";
import { countCalls, Counted, CountedCalls } from "./support/calls";
import { handOverStack, setArgs } from "./support/handOver";

/** One look at the cluster, if each list fits into one page. */
const CLUSTER_LOOK = {
    "GET namespaces": 1,
    "GET validatingadmissionpolicies": 1,
    "GET validatingadmissionpolicybindings": 1,
    "LIST controllerrevisions": 1,
    "LIST daemonsets": 1,
    "LIST events": 2,
    "LIST nodes": 1,
    // The DaemonSet's, and those of the service account that are not.
    "LIST pods": 2,
    "LIST serviceaccounts": 1,
};
/** One look at the account, with one node role. */
const ACCOUNT_LOOK = {
    "ec2 DescribeInstances": 2,
    "iam GetRole": 1,
    "iam ListAttachedRolePolicies": 1,
    "iam ListInstanceProfilesForRole": 1,
    "iam ListRolePolicies": 1,
};
/** Only the first look of an operation reads these: the instance profile, and the other two AWS policies of the node role. */
const FIRST_LOOK = { "iam GetInstanceProfile": 1, "iam GetPolicy": 2, "iam GetPolicyVersion": 2 };
/** A look at what else may give the service account credentials. */
const OTHER_DELIVERY = {
    "eks GET /clusters/sandbox/addons": 1,
    "eks GET /clusters/sandbox/pod-identity-associations": 1,
};
/** The calls of the proof. It repeats them until IAM enforces the new role. */
const PROOF = [
    "sts AssumeRoleWithWebIdentity",
    "ec2 AttachNetworkInterface",
    "ec2 CreateNetworkInterface",
    "ec2 CreateTags",
    "ec2 DeleteNetworkInterface",
    "ec2 DetachNetworkInterface",
    "iam SimulatePrincipalPolicy",
    "POST serviceaccounts/token",
];
/** As many regions as an account has enabled. */
const REGIONS = 30;

describe("the calls that the live checks make on a cluster of three nodes", () => {
    let sandbox: Sandbox;
    let calls: CountedCalls;
    let stack: Stack;

    before(async () => {
        sandbox = await startSandbox({
            name: `e2e-calls-${String(process.pid)}`,
            ownerPid: process.pid,
            podReadySeconds: 0.5,
            enforcementDelaySeconds: 1,
            agents: true,
            failedStartFactor: 0.02,
        });
        calls = await countCalls(sandbox);
        stack = await handOverStack(sandbox);
        await setArgs(stack, sandbox, { ...calls.args, detachFromNodeRoles: ["sandbox-nodes"] });
    });
    after(async () => {
        await stack.workspace.removeStack(stack.name, { force: true });
        await calls.close();
        await sandbox.stop();
    });

    it("up: deletes each pod once, detaches one policy, and looks at the account no more often than it decides upon it", async () => {
        await stack.up();
        const { writes, reads } = calls.take();
        assert.deepStrictEqual(writes, {
            "DELETE pods": 3,
            "PATCH validatingadmissionpolicies": 1,
            "PATCH validatingadmissionpolicybindings": 1,
            "iam DetachRolePolicy": 1,
        });
        assertAtMost(reads, {
            ...times(MOST_LOOKS, CLUSTER_LOOK),
            ...watches(MOST_LOOKS),
            ...times(8, ACCOUNT_LOOK),
            ...times(3, FIRST_LOOK),
            ...Object.fromEntries(PROOF.map((call) => [call, 15])),
            "GET version": 1,
            // Dry runs. The API server must refuse five in a row, and may admit some in the second before it enforces the guard.
            "POST pods": 5 + 4,
            // The search for other users of the node roles, before anything moves and right before the detachment.
            // For the arguments of the DryRun calls, too.
            "ec2 DescribeInstances": 2 * 8 + 2 * REGIONS + 15,
            "ec2 DescribeRegions": 2,
            // One each in the preflight, right before the detachment, and one with each of the detachment's looks at the account.
            ...times(9, OTHER_DELIVERY),
            "sts GetCallerIdentity": 1,
        });
    });

    it("an up that changes nothing: none", async () => {
        await stack.up({ expectNoChanges: true });
        assert.deepStrictEqual(calls.take(), { writes: {}, reads: {} });
    });

    it("refresh: one look each of what records and of what detaches, one proof, one look for refused pods, and nothing else", async () => {
        await stack.refresh();
        const looks = { ...times(3, CLUSTER_LOOK), ...times(2, { ...ACCOUNT_LOOK, ...FIRST_LOOK }) };
        const proof = Object.fromEntries(PROOF.map((call) => [call, 1]));
        const reads = {
            ...looks,
            ...proof,
            ...OTHER_DELIVERY,
            "sts GetCallerIdentity": 1,
            // No start of a pod is about to test what only reads, and the one call that writes.
            "iam SimulatePrincipalPolicy": 2,
            "ec2 ModifyNetworkInterfaceAttribute": 1,
            // Once for the arguments of the DryRun calls.
            "ec2 DescribeInstances": 2 * 2 + 1,
        };
        assert.deepStrictEqual(calls.take(), { writes: {}, reads });
    });

    it("destroy: attaches one policy, deletes each pod once, gives annotation, template and injection guard up", async () => {
        await stack.destroy();
        const { writes, reads } = calls.take();
        // The API server may enforce the injection guard for a moment after its deletion, and refuse the first new pod. The run
        // then wakes the DaemonSet controller, and removes the wake mark with one more patch. A read precedes each patch.
        const patches = writes["PATCH daemonsets"] ?? 0;
        const wakes = Math.max(0, patches - 2);
        assert.ok(wakes <= MOST_WAKES, `the DaemonSet was woken ${String(wakes)} times`);
        assert.deepStrictEqual(writes, {
            "DELETE pods": 3,
            "DELETE validatingadmissionpolicies": 1,
            "DELETE validatingadmissionpolicybindings": 1,
            "PATCH daemonsets": wakes === 0 ? 1 : wakes + 2,
            "PATCH serviceaccounts": 1,
            "iam AttachRolePolicy": 1,
        });
        assertAtMost(reads, {
            ...times(MOST_LOOKS, CLUSTER_LOOK),
            ...watches(MOST_LOOKS),
            ...times(12, ACCOUNT_LOOK),
            ...times(2, FIRST_LOOK),
            "GET version": 2,
            "GET daemonsets": patches,
            "GET serviceaccounts": 1,
            // Whether the managed add-on has got the role that is about to be deleted.
            "eks GET /clusters/sandbox/addons": 1,
        });
    });
});

/** The number of looks depends on how long the pods take: a run looks after each watch event, and every two seconds. */
const MOST_LOOKS = 60;
/** A run wakes the controller at most every five seconds, and the API server drops the deleted guard within two. */
const MOST_WAKES = 2;

function watches(times: number): Record<string, number> {
    return { "WATCH daemonsets": times, "WATCH pods": times, "WATCH serviceaccounts": times };
}

function times(count: number, calls: Readonly<Record<string, number>>): Record<string, number> {
    return Object.fromEntries(Object.entries(calls).map(([name, each]) => [name, count * each]));
}

function assertAtMost(reads: Counted["reads"], bounds: Readonly<Record<string, number>>): void {
    const over = Object.entries(reads).filter(([name, count]) => count > (bounds[name] ?? 0));
    assert.deepStrictEqual(over, []);
}
