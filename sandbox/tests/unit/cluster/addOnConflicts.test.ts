import * as assert from "node:assert/strict";
import { conflictMessage, conflictsIn, withoutFields } from "../../../cluster/addOn/conflicts";
import type { Manifest } from "../../../cluster/manifests/plain";

/** As the API server 1.34 answers a server-side apply that is not forced. */
const answer = {
    kind: "Status",
    code: 409,
    reason: "Conflict",
    details: {
        causes: [
            {
                reason: "FieldManagerConflict",
                message: 'conflict with "kubectl-annotate" using v1 at 2026-01-01T00:00:00Z',
                field: ".metadata.annotations.eks.amazonaws.com/role-arn",
            },
            {
                reason: "FieldManagerConflict",
                message: 'conflict with "eks"',
                field: ".metadata.labels.app",
            },
            { reason: "FieldValueInvalid", message: "is not valid", field: ".metadata.labels.app" },
        ],
    },
};

const object = {
    apiVersion: "apps/v1",
    kind: "DaemonSet",
    metadata: {
        name: "aws-node",
        annotations: { "eks.amazonaws.com/role": "other", "eks.amazonaws.com/role-arn": "arn" },
        finalizers: ["a", "b"],
    },
    spec: {
        containers: [
            { name: "aws-node", env: [{ name: "WARM_ENI_TARGET", value: "1" }], ports: [{ containerPort: 61678 }] },
            { name: "aws-eks-nodeagent", args: ["--a", "--b"] },
        ],
    },
} as Manifest;

describe("the conflicts of a managed add-on", () => {
    it("are those that the API server names, with their field managers", () => {
        const expected = [
            { manager: "kubectl-annotate", field: ".metadata.annotations.eks.amazonaws.com/role-arn" },
            { manager: "eks", field: ".metadata.labels.app" },
        ];
        assert.deepEqual(conflictsIn(answer), expected);
        assert.deepEqual(conflictsIn(JSON.stringify(answer)), expected);
    });

    it("are none in another answer", () => {
        assert.deepEqual(conflictsIn({ kind: "Status", code: 409, reason: "AlreadyExists" }), []);
        assert.deepEqual(conflictsIn("bad gateway"), []);
    });

    it("are named by EKS with the object's kind, group and name", () => {
        const serviceAccount = { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "aws-node" } };
        assert.equal(
            conflictMessage([
                { object: serviceAccount, fields: [".metadata.annotations.a/b"] },
                { object, fields: [".spec.a", ".spec.b"] },
            ]),
            [
                "Conflicts found when trying to apply. Will not continue due to resolve conflicts mode. Conflicts:",
                "ServiceAccount aws-node - .metadata.annotations.a/b",
                "DaemonSet.apps aws-node - .spec.a",
                "DaemonSet.apps aws-node - .spec.b",
            ].join("\n"),
        );
    });

    type Part = (without: {
        metadata: { annotations: object; finalizers: string[] };
        spec: { containers: Record<string, unknown>[] };
    }) => unknown;
    const cases: readonly [field: string, part: Part, left: unknown][] = [
        [
            ".metadata.annotations.eks.amazonaws.com/role-arn",
            ({ metadata }) => metadata.annotations,
            { "eks.amazonaws.com/role": "other" },
        ],
        [
            '.spec.containers[name="aws-node"].env[name="WARM_ENI_TARGET"].value',
            ({ spec }) => spec.containers[0]?.env,
            [{ name: "WARM_ENI_TARGET" }],
        ],
        [
            '.spec.containers[name="aws-eks-nodeagent"]',
            ({ spec }) => spec.containers.map(({ name }) => name),
            ["aws-node"],
        ],
        [
            '.spec.containers[name="aws-node"].ports[containerPort=61678,protocol="TCP"].containerPort',
            ({ spec }) => spec.containers[0]?.ports,
            [{}],
        ],
        ['.metadata.finalizers["a"]', ({ metadata }) => metadata.finalizers, ["b"]],
        ['.spec.containers[name="aws-eks-nodeagent"].args[0]', ({ spec }) => spec.containers[1]?.args, ["--b"]],
    ];
    for (const [field, part, left] of cases) {
        it(`are left out when values are preserved: ${field}`, () => {
            assert.deepEqual(part(withoutFields(object, [field]) as never), left);
        });
    }

    it("leave the object alone if it does not have the field", () => {
        const fields = [".spec.missing", '.spec.containers[name="other"].env', ".metadata.name.part"];
        assert.deepEqual(withoutFields(object, fields), object);
    });
});
