import { deepStrictEqual } from "assert";
import { cniServiceAccountIsPatched as rule } from "../../../policies/cniServiceAccountIsPatched";
import { UNKNOWN_TEXT, violations } from "./support/run";
import { account, COMPONENT } from "./support/stacks";

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

    it("refuses an annotation outside the component", async () => {
        deepStrictEqual(await violations(rule, [account("ServiceAccountPatch")]), [
            "account: This patch annotates kube-system/aws-node with a role outside the component. Use CniServiceAccountRole.",
        ]);
    });
});
