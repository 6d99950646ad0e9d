import { deepStrictEqual } from "assert";
import { vpcCniAddonHasOwnRole as rule } from "../../../policies/vpcCniAddonHasOwnRole";
import { UNKNOWN_TEXT, violations } from "./support/run";
import { addon, association, COMPONENT, component, goodTrust, role, ROLE_ARN } from "./support/stacks";

describe("vpc-cni-addon-has-own-role", () => {
    it("is content with a role, known or not, and with Pod Identity", async () => {
        deepStrictEqual(await violations(rule, [addon({ serviceAccountRoleArn: ROLE_ARN })]), []);
        deepStrictEqual(await violations(rule, [addon({ serviceAccountRoleArn: UNKNOWN_TEXT })]), []);
        deepStrictEqual(await violations(rule, [addon({ podIdentityAssociations: [{ roleArn: UNKNOWN_TEXT }] })]), []);
        deepStrictEqual(await violations(rule, [addon(), association()]), []);
        deepStrictEqual(await violations(rule, [addon({ addonName: "coredns" })]), []);
    });

    it("is content with none beside a component that annotates or associates the service account, or waits for another writer", async () => {
        for (const given of [
            { delivery: "podIdentity", clusterName: "cluster" },
            { delivery: "podIdentity", clusterName: UNKNOWN_TEXT },
            {},
            { delivery: "serviceAccountPatch" },
            { delivery: "external" },
            { delivery: "external", clusterName: "cluster", liveChecks: false },
            { delivery: null, clusterName: null },
            { clusterName: "cluster" },
            { clusterName: UNKNOWN_TEXT },
        ]) {
            deepStrictEqual(await violations(rule, [component(given), addon()]), []);
        }
        const unknown = addon({ clusterName: UNKNOWN_TEXT });
        deepStrictEqual(await violations(rule, [component({ clusterName: "cluster" }), unknown]), []);
    });

    it("refuses none beside a component of another cluster", async () => {
        const message =
            "addon: The vpc-cni add-on has neither a service account role nor a Pod Identity association, so the CNI uses " +
            "the node role. Set serviceAccountRoleArn.";
        for (const delivery of ["serviceAccountPatch", "podIdentity", "external"]) {
            const given = { delivery, clusterName: "other" };
            deepStrictEqual(await violations(rule, [component(given), addon()]), [message]);
        }
    });

    it("refuses none beside a component that gives the add-on its role, since each update of the add-on would take it away", async () => {
        const message =
            "addon: The vpc-cni add-on states no role, so each of its updates takes away the role that the CniServiceAccountRole gives it. Set " +
            "serviceAccountRoleArn to the output ready of the CniServiceAccountRole.";
        const ofAddOn = component({ delivery: "eksAddon" });
        deepStrictEqual(await violations(rule, [ofAddOn, addon()]), [message]);
        deepStrictEqual(await violations(rule, [ofAddOn, addon({ serviceAccountRoleArn: UNKNOWN_TEXT })]), []);
        deepStrictEqual(await violations(rule, [ofAddOn]), []);
    });

    describe("with a component that waits for the add-on", () => {
        const child = (name: string, type: string) => ({ name, type, parents: COMPONENT, parent: "cni" });
        const GUARD = "pulumi-nodejs:dynamic/eks-cni:CredentialGuard";
        const stack = (type: string, more: object, delivery = "external") => [
            component({ delivery, clusterName: "cluster" }),
            { ...role("cni-role", goodTrust()), parents: COMPONENT, parent: "cni" },
            { ...child("cni-credential-guard", GUARD), dependsOn: ["cni-role"] },
            { ...child("cni-canary", type), dependsOn: ["cni-credential-guard"] },
            { ...child("cni-detachment", "pulumi-nodejs:dynamic/eks-cni:Detachment"), dependsOn: ["cni-canary"] },
            { ...addon({ serviceAccountRoleArn: UNKNOWN_TEXT }), ...more },
        ];
        const CANARY = "pulumi-nodejs:dynamic/eks-cni:Canary";
        // An output depends on every resource that it comes from: roleArn on the role, provedRoleArn on the credential guard as well.
        const taking = (...names: string[]) => ({ from: { serviceAccountRoleArn: names } });

        it("is content with an add-on that takes provedRoleArn, which comes from the credential guard", async () => {
            deepStrictEqual(await violations(rule, stack(CANARY, taking("cni-role", "cni-credential-guard"))), []);
        });

        it("refuses one that takes roleArn, which is known before the proof, even if its value is known already", async () => {
            const message =
                "addon: The vpc-cni add-on takes the role of the CniServiceAccountRole before the role is proved, so new pods could get a role that they " +
                "cannot use. Set serviceAccountRoleArn to the output provedRoleArn.";
            deepStrictEqual(await violations(rule, stack(CANARY, taking("cni-role"))), [message]);
            const known = { ...addon({ serviceAccountRoleArn: ROLE_ARN }), ...taking("cni-role") };
            deepStrictEqual(await violations(rule, stack(CANARY, known)), [message]);
        });

        it("is content with roleArn without live checks, with the other deliveries, and with a role from elsewhere", async () => {
            const withoutChecks = stack(CANARY, taking("cni-role")).filter(
                ({ name }) => name === "cni" || name === "cni-role" || name === "addon",
            );
            deepStrictEqual(await violations(rule, withoutChecks), []);
            deepStrictEqual(await violations(rule, stack(CANARY, taking("cni-role"), "eksAddon")), []);
            const elsewhere = [role("other", goodTrust()), ...stack(CANARY, taking("other"))];
            deepStrictEqual(await violations(rule, elsewhere), []);
            deepStrictEqual(await violations(rule, stack(CANARY, {})), []);
        });

        it("refuses one that takes ready, or depends on the component", async () => {
            const message =
                "addon: The vpc-cni add-on waits for the CniServiceAccountRole, which waits until the add-on delivers the role, so the update would " +
                "stop at timeouts.deliverySeconds. Set serviceAccountRoleArn to the output provedRoleArn, and remove the CniServiceAccountRole " +
                "from dependsOn.";
            for (const more of [taking("cni-role", "cni-detachment"), { ...taking("cni-role"), dependsOn: ["cni"] }]) {
                deepStrictEqual(await violations(rule, stack(CANARY, more)), [message]);
            }
        });

        it("is content with ready if the component gives the add-on the role, and in a program that runs the plugin", async () => {
            deepStrictEqual(await violations(rule, stack(CANARY, taking("cni-detachment"), "eksAddon")), []);
            deepStrictEqual(await violations(rule, stack("eks-cni:index:Canary", taking("cni"))), []);
        });
    });

    it("refuses none, an empty one, and the association of another cluster", async () => {
        const message =
            "addon: The vpc-cni add-on has neither a service account role nor a Pod Identity association, so the CNI uses " +
            "the node role. Set serviceAccountRoleArn.";
        for (const stack of [
            [addon()],
            [addon({ serviceAccountRoleArn: null, podIdentityAssociations: [] })],
            [addon({ clusterName: "other" }), association()],
        ]) {
            deepStrictEqual(await violations(rule, stack), [message]);
        }
    });
});
