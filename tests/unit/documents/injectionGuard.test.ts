import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { admittedRoles, bindingSpec, injectionGuardSpec, isInjectionGuard } from "../../../documents/injectionGuard";

const serviceAccount = { namespace: "kube-system", name: "aws-node" };
const A = "arn:aws:iam::111122223333:role/a";
const B = "arn:aws:iam::111122223333:role/path/b";
const spec = (...roleArns: string[]) => injectionGuardSpec({ serviceAccount, roleArns });

describe("The spec of the injection guard", () => {
    it("lists the roles in the expression for AWS_ROLE_ARN alone", () => {
        const lists = spec(A, B).validations.map(({ expression }) => expression.includes(` in ['${A}', '${B}'])`));
        deepStrictEqual(lists, [false, true, false]);
    });

    it("is the policy that Kubernetes documents, with a binding that denies", () => {
        const all = (condition: string) =>
            `object.spec.?containers.orValue([]).all(c, ${condition}) && object.spec.?initContainers.orValue([]).all(c, ${condition})`;
        const has = (variable: string, more = "") => `c.?env.orValue([]).exists(e, e.name == '${variable}'${more})`;
        const token = (audience: string) =>
            "object.spec.?volumes.orValue([]).exists(v, v.?projected.?sources.orValue([]).exists(s, " +
            `s.?serviceAccountToken.?audience.orValue('') == '${audience}'))`;
        const { variables, validations } = spec(A);
        deepStrictEqual(variables, [
            {
                name: "containerCredentials",
                expression: [
                    all(has("AWS_CONTAINER_CREDENTIALS_FULL_URI")),
                    all(`!${has("AWS_WEB_IDENTITY_TOKEN_FILE")}`),
                    token("pods.eks.amazonaws.com"),
                ].join(" && "),
            },
        ]);
        deepStrictEqual(
            validations.map(({ expression }) => expression),
            [
                all(has("AWS_WEB_IDENTITY_TOKEN_FILE")),
                all(has("AWS_ROLE_ARN", ` && e.?value.orValue('') in ['${A}']`)),
                token("sts.amazonaws.com"),
            ].map((expression) => `variables.containerCredentials || (${expression})`),
        );
        deepStrictEqual(bindingSpec("guard"), { policyName: "guard", validationActions: ["Deny"] });
    });

    it("follows the service account that was given", () => {
        const given = injectionGuardSpec({ serviceAccount: { namespace: "cni-system", name: "agent" }, roleArns: [A] });
        deepStrictEqual(given.matchConstraints.namespaceSelector, {
            matchLabels: { "kubernetes.io/metadata.name": "cni-system" },
        });
        strictEqual(given.matchConditions[0]?.expression, "object.spec.?serviceAccountName.orValue('') == 'agent'");
        match(given.validations[0]?.message ?? "", / the service account cni-system\/agent\. /);
    });

    it("fails closed, and is about new pods of the service account alone", () => {
        const { failurePolicy, matchConstraints, matchConditions } = spec(A);
        deepStrictEqual(
            { failurePolicy, matchConstraints, matchConditions },
            {
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
            },
        );
    });

    it("looks for the token of STS in the pod's volumes", () => {
        strictEqual(
            spec(A).validations[2]?.expression,
            "variables.containerCredentials || (object.spec.?volumes.orValue([]).exists(v, v.?projected.?sources.orValue([])" +
                ".exists(s, s.?serviceAccountToken.?audience.orValue('') == 'sts.amazonaws.com')))",
        );
    });

    it("compares the value in every container and in every init container", () => {
        const of = (list: string) =>
            `object.spec.?${list}.orValue([]).all(c, c.?env.orValue([]).exists(e, e.name == 'AWS_ROLE_ARN' && e.?value.orValue('') in ['${A}']))`;
        strictEqual(
            spec(A).validations[1]?.expression,
            `variables.containerCredentials || (${of("containers")} && ${of("initContainers")})`,
        );
    });

    it("takes container credentials only without a token file, which the AWS SDK would use first", () => {
        const [variable] = spec(A).variables;
        strictEqual(variable?.name, "containerCredentials");
        for (const part of [
            "exists(e, e.name == 'AWS_CONTAINER_CREDENTIALS_FULL_URI')",
            "all(c, !c.?env.orValue([]).exists(e, e.name == 'AWS_WEB_IDENTITY_TOKEN_FILE'))",
            "== 'pods.eks.amazonaws.com'",
        ]) {
            ok(variable.expression.includes(part), part);
        }
        // Twice in every container and in every init container, and once in the volumes.
        strictEqual(variable.expression.split(" && ").length, 5);
        for (const { expression } of spec(A).validations) {
            match(expression, /^variables\.containerCredentials \|\| \(.*\)$/);
        }
    });

    it("ends each message with the advice, which is no part of what tells a guard from another policy", () => {
        const guarded = injectionGuardSpec({ serviceAccount, roleArns: [A], advice: " Run this." });
        deepStrictEqual(
            guarded.validations.map(({ message }) => message),
            spec(A).validations.map(({ message }) => `${message} Run this.`),
        );
        strictEqual(isInjectionGuard(guarded, serviceAccount), true);
    });

    it("has a message without a role, since its events outlive the role", () => {
        const [{ message } = { message: "" }] = spec(A).validations;
        strictEqual(
            message,
            "eks-cni: refused a pod of the service account kube-system/aws-node. The pod does not have the approved CNI role, and the " +
                "role of its node may no longer have the CNI policy. The DaemonSet controller retries. If pods are still refused after " +
                "some minutes, run pulumi up --refresh.",
        );
    });
});

describe("The roles that a live policy admits", () => {
    for (const roleArns of [[], [A], [A, B], ["arn:aws:iam::111122223333:role/it's/a\\b/'] c"]]) {
        it(`are those of its expression: ${roleArns.join(", ") || "none"}`, () =>
            deepStrictEqual(admittedRoles(spec(...roleArns), serviceAccount), roleArns));
    }

    it("are written as strings that end only where the name of the role does", () => {
        ok(spec("a'b\\c").validations[1]?.expression.includes(String.raw`in ['a\'b\\c'])`));
    });

    const changed: [string, object][] = [
        ["another expression", { validations: spec(A).validations.map((one) => ({ ...one, expression: "true" })) }],
        ["one expression less", { validations: spec(A).validations.slice(0, 2) }],
        ["no expressions", { validations: undefined }],
        ["another condition", { matchConditions: [{ name: "service-account", expression: "false" }] }],
        ["no condition", { matchConditions: undefined }],
        ["another variable", { variables: [{ name: "containerCredentials", expression: "true" }] }],
        ["a policy that fails open", { failurePolicy: "Ignore" }],
        ["the expressions of an earlier version", { variables: undefined }],
    ];
    for (const [what, more] of changed) {
        it(`are unknown with ${what}`, () =>
            deepStrictEqual(admittedRoles({ ...spec(A), ...more }, serviceAccount), []));
    }

    it("are unknown where the policy is for another service account", () =>
        deepStrictEqual(admittedRoles(spec(A), { ...serviceAccount, name: "other" }), []));

    it("do not depend on the message, nor on what the API server adds", () => {
        const live = {
            ...spec(A),
            matchConstraints: {},
            validations: spec(A).validations.map((one) => ({ ...one, message: "x" })),
        };
        deepStrictEqual(admittedRoles(live, serviceAccount), [A]);
    });
});
