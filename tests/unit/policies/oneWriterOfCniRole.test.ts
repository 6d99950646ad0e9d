import { deepStrictEqual, strictEqual } from "assert";
import { oneWriterOfCniRole as rule } from "../../../policies/oneWriterOfCniRole";
import { UNKNOWN_TEXT, violations } from "./support/run";
import { account, addon, association, COMPONENT, component, podIdentityStack, ROLE_ARN } from "./support/stacks";

describe("one-writer-of-the-cni-role", () => {
    it("is content with the add-on or the patch alone", async () => {
        deepStrictEqual(await violations(rule, [addon({ serviceAccountRoleArn: ROLE_ARN })]), []);
        deepStrictEqual(await violations(rule, [account("ServiceAccountPatch")]), []);
    });

    it("is content with a component that leaves the annotation to the add-on", async () => {
        for (const delivery of ["eksAddon", "external"]) {
            const stack = [component({ delivery }), addon({ serviceAccountRoleArn: ROLE_ARN })];
            deepStrictEqual(await violations(rule, stack), []);
        }
    });

    it("refuses both", async () => {
        deepStrictEqual(
            await violations(rule, [addon({ serviceAccountRoleArn: ROLE_ARN }), account("ServiceAccountPatch")]),
            [
                "account: The vpc-cni add-on has a role, and this resource also annotates kube-system/aws-node with one. Set delivery: " +
                    '"eksAddon" on CniServiceAccountRole, or remove the role from the add-on.',
            ],
        );
    });

    it("is content with the component's annotation beside an add-on whose role the program ignores, and with no other annotation", async () => {
        const leaving = { ...addon({ serviceAccountRoleArn: ROLE_ARN }), ignoreChanges: ["serviceAccountRoleArn"] };
        const own = account("ServiceAccountPatch", { parents: COMPONENT, parent: "cni" });
        deepStrictEqual(await violations(rule, [component(), own, leaving]), []);
        for (const stack of [
            [component(), own, { ...leaving, ignoreChanges: ["addonVersion"] }],
            // Without them, nothing takes the role from the add-on.
            [component({ liveChecks: false }), own, leaving],
            [account("ServiceAccountPatch"), leaving],
        ]) {
            strictEqual((await violations(rule, stack)).length, 1);
        }
    });

    describe("with a Pod Identity association", () => {
        const otherCluster = { clusterName: "other" };

        it("is content with that of a component, beside an add-on without a role, or with associations of other service accounts", async () => {
            const others = [{ serviceAccount: "other", roleArn: ROLE_ARN }];
            for (const more of [
                [],
                [addon()],
                [addon({ podIdentityAssociations: [] })],
                [addon({ podIdentityAssociations: others })],
                [addon({ addonName: "eks-pod-identity-agent" })],
                [addon({ ...otherCluster, serviceAccountRoleArn: ROLE_ARN })],
                [
                    addon({
                        ...otherCluster,
                        podIdentityAssociations: [{ serviceAccount: "aws-node", roleArn: ROLE_ARN }],
                    }),
                ],
                [association({}, otherCluster)],
                [association({}, { serviceAccount: "other" })],
                [association({}, { serviceAccount: UNKNOWN_TEXT })],
            ]) {
                deepStrictEqual(await violations(rule, [...podIdentityStack(), ...more]), []);
            }
        });

        it("is content with that of an add-on alone, or of the program alone", async () => {
            const podIdentityAssociations = [{ serviceAccount: "aws-node", roleArn: ROLE_ARN }];
            deepStrictEqual(await violations(rule, [addon({ podIdentityAssociations })]), []);
            deepStrictEqual(await violations(rule, [association()]), []);
        });

        it("refuses a role of the add-on, also while nothing is known", async () => {
            const message =
                "addon: The vpc-cni add-on has a role, and the CniServiceAccountRole gives kube-system/aws-node another one by a Pod Identity association. " +
                "Remove serviceAccountRoleArn from the add-on.";
            const unknown = { clusterName: UNKNOWN_TEXT, serviceAccount: UNKNOWN_TEXT };
            for (const stack of [podIdentityStack(), podIdentityStack(unknown)]) {
                for (const serviceAccountRoleArn of [ROLE_ARN, UNKNOWN_TEXT]) {
                    deepStrictEqual(await violations(rule, [...stack, addon({ serviceAccountRoleArn })]), [message]);
                }
            }
        });

        it("is content with a role of the add-on that the program ignores: the engine shows it until the next refresh", async () => {
            const ignoreChanges = ["serviceAccountRoleArn"];
            const leaving = { ...addon({ serviceAccountRoleArn: ROLE_ARN }), ignoreChanges };
            deepStrictEqual(await violations(rule, [...podIdentityStack(), leaving]), []);
            const podIdentityAssociations = [{ serviceAccount: "aws-node", roleArn: ROLE_ARN }];
            const associating = { ...addon({ podIdentityAssociations }), ignoreChanges };
            strictEqual((await violations(rule, [...podIdentityStack(), associating])).length, 1);
        });

        it("refuses a second association, of the add-on or of the program", async () => {
            const podIdentityAssociations = [{ serviceAccount: "aws-node", roleArn: UNKNOWN_TEXT }];
            deepStrictEqual(await violations(rule, [...podIdentityStack(), addon({ podIdentityAssociations })]), [
                "addon: The vpc-cni add-on and the CniServiceAccountRole both create a Pod Identity association of kube-system/aws-node, and EKS has " +
                    "only one. Remove it from podIdentityAssociations of the add-on.",
            ]);
            deepStrictEqual(await violations(rule, [...podIdentityStack(), association()]), [
                "association: This Pod Identity association is of kube-system/aws-node, as that of the CniServiceAccountRole, and EKS has only one. " +
                    "Remove this one.",
            ]);
        });

        it("refuses the annotation of a component of the same cluster, which has no effect", async () => {
            const stack = (given: object) => [
                component({ ...given }),
                account("ServiceAccountPatch", { parents: COMPONENT, parent: "cni" }),
                association(),
            ];
            const message =
                "account: A Pod Identity association gives kube-system/aws-node a role, so the role that this resource annotates has no effect. " +
                'Remove the association, or set delivery: "podIdentity" on CniServiceAccountRole and remove the other association.';
            for (const given of [{}, { clusterName: "cluster" }, { clusterName: UNKNOWN_TEXT }]) {
                deepStrictEqual(await violations(rule, stack(given)), [message]);
            }
            deepStrictEqual(await violations(rule, stack(otherCluster)), []);
        });
    });
});
