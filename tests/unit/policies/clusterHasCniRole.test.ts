import { deepStrictEqual } from "assert";
import { clusterHasCniRole as rule } from "../../../policies/clusterHasCniRole";
import { violations } from "./support/run";
import { cluster, goodStack } from "./support/stacks";

describe("cluster-has-cni-role", () => {
    it("is content with the component, with EKS Auto Mode, and without aws-node", async () => {
        deepStrictEqual(await violations(rule, goodStack()), []);
        deepStrictEqual(await violations(rule, [cluster({ computeConfig: { enabled: true } })]), []);
        deepStrictEqual(await violations(rule, [cluster({ bootstrapSelfManagedAddons: false })]), []);
    });

    it("refuses a cluster alone", async () => {
        deepStrictEqual(await violations(rule, [cluster()]), [
            "cluster: The stack creates this cluster but no role for the CNI, so the CNI uses the node role. Add a CniServiceAccountRole.",
        ]);
    });
});
