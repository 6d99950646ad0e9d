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

/** A condition on each container, and on each init container. */
const ALL = (condition: string) =>
    `object.spec.?containers.orValue([]).all(c, ${condition}) && object.spec.?initContainers.orValue([]).all(c, ${condition})`;
const HAS = (variable: string, more = "") => `c.?env.orValue([]).exists(e, e.name == '${variable}'${more})`;
const TOKEN = (audience: string) =>
    "object.spec.?volumes.orValue([]).exists(v, v.?projected.?sources.orValue([]).exists(s, " +
    `s.?serviceAccountToken.?audience.orValue('') == '${audience}'))`;
const MESSAGE =
    "eks-cni: refused a pod of the service account kube-system/aws-node. The pod does not have the approved CNI role, and the role " +
    "of its node may no longer have the CNI policy. The DaemonSet controller retries. If pods are still refused after some " +
    "minutes, run pulumi up --refresh.";

interface Spec {
    matchConstraints: { namespaceSelector: unknown };
    matchConditions: { expression: string }[];
    validations: { message: string }[];
}

function spec(run: Run<unknown>): Spec {
    return inputs(run, "cni-injection-guard")["spec"] as Spec;
}

describe("the injection guard", () => {
    it("refuses a pod of the service account without the role, and admits container credentials", async () => {
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
                variables: [
                    {
                        name: "containerCredentials",
                        expression: [
                            ALL(HAS("AWS_CONTAINER_CREDENTIALS_FULL_URI")),
                            ALL(`!${HAS("AWS_WEB_IDENTITY_TOKEN_FILE")}`),
                            TOKEN("pods.eks.amazonaws.com"),
                        ].join(" && "),
                    },
                ],
                validations: [
                    ALL(HAS("AWS_WEB_IDENTITY_TOKEN_FILE")),
                    ALL(HAS("AWS_ROLE_ARN", ` && e.?value.orValue('') in ['${ROLE_ARN}']`)),
                    TOKEN("sts.amazonaws.com"),
                ].map((expression) => ({
                    expression: `variables.containerCredentials || (${expression})`,
                    message: MESSAGE,
                })),
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
        match(validations[0]?.message ?? "", / the service account cni-system\/agent\. /);
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
