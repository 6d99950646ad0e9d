import { deepStrictEqual } from "assert";
import { cniServiceAccountIsPatched as rule } from "../../../policies/cniServiceAccountIsPatched";
import { UNKNOWN_TEXT, violations } from "./support/run";
import { account, COMPONENT, component, goodTrust, role } from "./support/stacks";

const TAKES =
    "account: This ServiceAccount takes over kube-system/aws-node, and destroy would delete it. Use CniServiceAccountRole.";

describe("cni-service-account-is-patched-by-the-component", () => {
    it("is content with the component's patch, and with other accounts", async () => {
        deepStrictEqual(await violations(rule, [account("ServiceAccountPatch", { parents: COMPONENT })]), []);
        deepStrictEqual(
            await violations(rule, [account("ServiceAccount", { props: { metadata: { name: "app" } } })]),
            [],
        );
        deepStrictEqual(
            await violations(rule, [account("ServiceAccount", { props: { metadata: { name: "aws-node" } } })]),
            [],
        );
    });

    it("refuses a ServiceAccount, also where the namespace is not known or is the provider's", async () => {
        const unknown = { metadata: { name: "aws-node", namespace: UNKNOWN_TEXT } };
        deepStrictEqual(await violations(rule, [account("ServiceAccount")]), [TAKES]);
        deepStrictEqual(await violations(rule, [account("ServiceAccount", { props: unknown })]), [TAKES]);
        const bare = { props: { metadata: { name: "aws-node" } }, namespace: "kube-system" };
        deepStrictEqual(await violations(rule, [account("ServiceAccount", bare)]), [TAKES]);
    });

    it("refuses an annotation outside the component, also where the namespace is the provider's", async () => {
        const message =
            "account: This patch annotates kube-system/aws-node with a role outside the component. Use CniServiceAccountRole.";
        const annotations = { "eks.amazonaws.com/role-arn": UNKNOWN_TEXT };
        const bare = { props: { metadata: { name: "aws-node", annotations } }, namespace: "kube-system" };
        for (const stack of [
            [account("ServiceAccountPatch")],
            [account("ServiceAccountPatch", bare)],
            [component(), account("ServiceAccountPatch")],
            [component({ delivery: "eksAddon" }), account("ServiceAccountPatch")],
        ]) {
            deepStrictEqual(await violations(rule, stack), [message]);
        }
    });

    it("is content with a patch that sets no role", async () => {
        const props = { metadata: { namespace: "kube-system", name: "aws-node", labels: { team: "network" } } };
        deepStrictEqual(await violations(rule, [account("ServiceAccountPatch", { props })]), []);
    });

    describe("with a component that waits for another writer", () => {
        const child = (name: string, type: string, ...dependsOn: string[]) => ({
            name,
            type: `pulumi-nodejs:dynamic/eks-cni:${type}`,
            parents: COMPONENT,
            parent: "cni",
            dependsOn,
        });
        const live = [
            component({ delivery: "external" }),
            { ...role("cni-role", goodTrust()), parents: COMPONENT, parent: "cni" },
            child("cni-credential-guard", "CredentialGuard", "cni-role"),
            child("cni-canary", "Canary", "cni-credential-guard"),
            child("cni-detachment", "Detachment", "cni-canary"),
        ];
        const taking = (...metadata: string[]) => account("ServiceAccountPatch", { from: { metadata } });

        it("is content with a patch that takes provedRoleArn, or the ARN of a role from elsewhere", async () => {
            deepStrictEqual(await violations(rule, [...live, taking("cni-role", "cni-credential-guard")]), []);
            deepStrictEqual(await violations(rule, [account("ServiceAccountPatch"), ...live]), []);
        });

        it("is content with one that takes roleArn without live checks", async () => {
            const plain = [component({ delivery: "external", liveChecks: false }), ...live.slice(1, 2)];
            deepStrictEqual(await violations(rule, [...plain, taking("cni-role")]), []);
        });

        it("refuses one that takes roleArn, which is known before the proof", async () => {
            deepStrictEqual(await violations(rule, [...live, taking("cni-role")]), [
                "account: This patch takes the role of the CniServiceAccountRole before the role is proved, so new pods could get a role that they " +
                    "cannot use. Take the role from the output provedRoleArn.",
            ]);
        });

        it("refuses one that takes ready, or depends on the component", async () => {
            const message =
                "account: This patch waits for the CniServiceAccountRole, which waits until the patch delivers the role, so the update would stop at " +
                "timeouts.deliverySeconds. Take the role from the output provedRoleArn, and remove the CniServiceAccountRole from dependsOn.";
            for (const patch of [
                taking("cni-role", "cni-detachment"),
                { ...taking("cni-role", "cni-credential-guard"), dependsOn: ["cni"] },
            ]) {
                deepStrictEqual(await violations(rule, [...live, patch]), [message]);
            }
        });

        it("refuses a ServiceAccount all the same, since destroy would delete it", async () => {
            deepStrictEqual(await violations(rule, [...live, account("ServiceAccount")]), [TAKES]);
        });
    });
});
