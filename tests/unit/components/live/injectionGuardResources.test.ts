import * as pulumi from "@pulumi/pulumi";
import { deepStrictEqual, match, strictEqual } from "assert";
import { injectionGuardName } from "../../../../components/live/injectionGuardResources";
import { inputs, live, ROLE_ARN } from "../../support/live";
import { assertAccepted } from "../../support/refusals";
import { Run } from "../../support/underMocks";

const NAME = "eks-cni-project-stack-cni-a46ffae2";
const ANNOTATIONS = {
    "pulumi.com/patchFieldManager": "eks-cni/project/stack/cni",
    "pulumi.com/patchForce": "true",
};
const HAS = (list: string, variable: string) =>
    `object.spec.?${list}.orValue([]).all(c, c.?env.orValue([]).exists(e, e.name == '${variable}'))`;
const MESSAGE =
    "eks-cni: this pod of the service account kube-system/aws-node was refused. The pod identity webhook did not give it " +
    "the CNI role, and its node role may no longer hold the CNI policy. The DaemonSet controller retries until the webhook " +
    "works. If the service account has lost its annotation, run pulumi up --refresh, or: kubectl " +
    `annotate serviceaccount aws-node -n kube-system --overwrite eks.amazonaws.com/role-arn=${ROLE_ARN}. To admit pods without the ` +
    "role, first attach the CNI policy to the node role again, then run: kubectl delete validatingadmissionpolicybinding " +
    NAME;

interface Spec {
    matchConstraints: { namespaceSelector: unknown };
    matchConditions: { expression: string }[];
    validations: { message: string }[];
}

function spec(run: Run<unknown>): Spec {
    return inputs(run, "cni-injection-guard")["spec"] as Spec;
}

describe("the injection guard", () => {
    it("refuses a pod of the service account without variables or token, in a message that says how to fix it", async () => {
        const run = await live({ detachFromNodeRoles: ["nodes"] });
        assertAccepted(run);
        deepStrictEqual(inputs(run, "cni-injection-guard"), {
            apiVersion: "admissionregistration.k8s.io/v1",
            kind: "ValidatingAdmissionPolicy",
            metadata: { name: NAME, annotations: ANNOTATIONS },
            spec: {
                failurePolicy: "Fail",
                matchConstraints: {
                    namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "kube-system" } },
                    resourceRules: [
                        { apiGroups: [""], apiVersions: ["v1"], operations: ["CREATE"], resources: ["pods"] },
                    ],
                },
                matchConditions: [
                    {
                        name: "service-account",
                        expression: "object.spec.?serviceAccountName.orValue('') == 'aws-node'",
                    },
                ],
                validations: [
                    ...["AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_ROLE_ARN"].map((variable) => ({
                        expression: `${HAS("containers", variable)} && ${HAS("initContainers", variable)}`,
                        message: MESSAGE,
                    })),
                    {
                        expression:
                            "object.spec.?volumes.orValue([]).exists(v, v.?projected.?sources.orValue([]).exists(s, " +
                            "s.?serviceAccountToken.?audience.orValue('') == 'sts.amazonaws.com'))",
                        message: MESSAGE,
                    },
                ],
            },
        });
        deepStrictEqual(inputs(run, "cni-injection-guard-binding"), {
            apiVersion: "admissionregistration.k8s.io/v1",
            kind: "ValidatingAdmissionPolicyBinding",
            metadata: { name: NAME, annotations: ANNOTATIONS },
            spec: { policyName: NAME, validationActions: ["Deny"] },
        });
    });

    it("follows the service account that was given", async () => {
        const serviceAccount = { namespace: "cni-system", name: pulumi.output("agent") };
        const run = await live({ detachFromNodeRoles: ["nodes"], serviceAccount });
        const { matchConstraints, matchConditions, validations } = spec(run);
        deepStrictEqual(matchConstraints.namespaceSelector, {
            matchLabels: { "kubernetes.io/metadata.name": "cni-system" },
        });
        strictEqual(matchConditions[0]?.expression, "object.spec.?serviceAccountName.orValue('') == 'agent'");
        match(validations[0]?.message ?? "", /kubectl annotate serviceaccount agent -n cni-system /);
    });

    it("goes on under its first name in a renamed component", async () => {
        const { resources } = await live({ detachFromNodeRoles: ["nodes"] });
        for (const name of ["cni-injection-guard", "cni-injection-guard-binding"]) {
            deepStrictEqual(resources.find((one) => one.name === name)?.request["ignorechangesList"], [
                "metadata.name",
                'metadata.annotations["pulumi.com/patchFieldManager"]',
            ]);
        }
    });

    it("has a name of its own for each component, which Kubernetes takes", () => {
        const managers = [
            "eks-cni/p/s/a",
            "eks-cni/p/s/A",
            "eks-cni/p-s/a",
            "eks-cni/p/s-a",
            `eks-cni/${"x".repeat(300)}_`,
        ];
        const names = managers.map(injectionGuardName);
        strictEqual(new Set(names).size, managers.length);
        for (const name of names) {
            match(name, /^[a-z0-9](?:[-a-z0-9]{0,251}[a-z0-9])?$/);
            match(name, /^eks-cni-.*-[0-9a-f]{8}$/);
        }
    });
});
