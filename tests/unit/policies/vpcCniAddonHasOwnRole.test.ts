import { deepStrictEqual } from "assert";
import { vpcCniAddonHasOwnRole as rule } from "../../../policies/vpcCniAddonHasOwnRole";
import { UNKNOWN_TEXT, violations } from "./support/run";
import { addon, COMPONENT, component, ROLE_ARN } from "./support/stacks";

const association = {
    name: "association",
    type: "aws:eks/podIdentityAssociation:PodIdentityAssociation",
    props: { clusterName: "cluster", namespace: "kube-system", serviceAccount: "aws-node", roleArn: ROLE_ARN },
};

describe("vpc-cni-addon-has-own-role", () => {
    it("is content with a role, known or not, and with Pod Identity", async () => {
        deepStrictEqual(await violations(rule, [addon({ serviceAccountRoleArn: ROLE_ARN })]), []);
        deepStrictEqual(await violations(rule, [addon({ serviceAccountRoleArn: UNKNOWN_TEXT })]), []);
        deepStrictEqual(await violations(rule, [addon({ podIdentityAssociations: [{ roleArn: UNKNOWN_TEXT }] })]), []);
        deepStrictEqual(await violations(rule, [addon(), association]), []);
        deepStrictEqual(await violations(rule, [addon({ addonName: "coredns" })]), []);
    });

    it("is content with none beside a component that annotates the service account", async () => {
        for (const given of [
            {},
            { delivery: "serviceAccountPatch" },
            { delivery: null, clusterName: null },
            { clusterName: "cluster" },
            { clusterName: UNKNOWN_TEXT },
        ]) {
            deepStrictEqual(await violations(rule, [component(given), addon()]), []);
        }
        const unknown = addon({ clusterName: UNKNOWN_TEXT });
        deepStrictEqual(await violations(rule, [component({ clusterName: "cluster" }), unknown]), []);
    });

    it("refuses none beside a component of another cluster, and beside one that waits for the add-on", async () => {
        const message =
            "addon: The vpc-cni add-on has neither a service account role nor a Pod Identity association, so the CNI uses " +
            "the node role. Set serviceAccountRoleArn.";
        for (const given of [{ clusterName: "other" }, { delivery: "external" }]) {
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
        const stack = (type: string, more: object, delivery = "external") => [
            component({ delivery, clusterName: "cluster" }),
            child("cni-credential-guard", "pulumi-nodejs:dynamic/eks-cni:CredentialGuard"),
            { ...child("cni-canary", type), dependsOn: ["cni-credential-guard"] },
            { ...child("cni-detachment", "pulumi-nodejs:dynamic/eks-cni:Detachment"), dependsOn: ["cni-canary"] },
            { ...addon({ serviceAccountRoleArn: UNKNOWN_TEXT }), ...more },
        ];
        const CANARY = "pulumi-nodejs:dynamic/eks-cni:Canary";
        const taking = (name: string) => ({ from: { serviceAccountRoleArn: [name] } });

        it("is content with an add-on that takes provedRoleArn, which comes from the credential guard", async () => {
            deepStrictEqual(await violations(rule, stack(CANARY, taking("cni-credential-guard"))), []);
        });

        it("refuses one that takes ready, or depends on the component", async () => {
            const message =
                "addon: The vpc-cni add-on waits for the CniServiceAccountRole, which waits until the add-on delivers the role, so the update would " +
                "stop at timeouts.deliverySeconds. Set serviceAccountRoleArn to the output provedRoleArn, and remove the CniServiceAccountRole " +
                "from dependsOn.";
            for (const more of [taking("cni-detachment"), { dependsOn: ["cni"] }]) {
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
            [addon({ clusterName: "other" }), association],
        ]) {
            deepStrictEqual(await violations(rule, stack), [message]);
        }
    });
});
