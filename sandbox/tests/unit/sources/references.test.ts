import assert from "node:assert/strict";

import { collectFrom } from "../../../sources/collect";
import { isFile, type Reference } from "../../../sources/references";

/** A reference as one line. */
function shown(reference: Reference): string {
    return isFile(reference)
        ? `${reference.repository} ${reference.path} [${reference.identifiers.join(" ")}]`
        : reference.page;
}

const ipamd = "aws/amazon-vpc-cni-k8s pkg/ipamd/ipamd.go";
const handler = "aws/amazon-eks-pod-identity-webhook pkg/handler/handler.go";
const role = "hashicorp/terraform-provider-aws internal/service/iam/role.go";

describe("a reference to upstream in a comment", () => {
    const cases: readonly { text: string; file?: string; references: readonly string[] }[] = [
        { text: "amazon-vpc-cni-k8s pkg/ipamd/ipamd.go, nodeInit.", references: [`${ipamd} [nodeInit]`] },
        { text: "amazon-vpc-cni-k8s v1.23.1, pkg/ipamd/ipamd.go (nodeInit)", references: [`${ipamd} [nodeInit]`] },
        { text: "aws/amazon-vpc-cni-k8s `pkg/ipamd/ipamd.go`, `nodeInit`", references: [`${ipamd} [nodeInit]`] },
        { text: "amazon-vpc-cni-k8s pkg/ipamd/ipamd.go: nodeInit does it", references: [`${ipamd} []`] },
        {
            text: "amazon-vpc-cni-k8s pkg/ipamd/ipamd.go, nodeInit, setupENI and handlePreScaling: in this order",
            references: [`${ipamd} [nodeInit setupENI handlePreScaling]`],
        },
        {
            text: "moto loses it (moto/iam/models.py, update_role), so it is sent",
            references: ["getmoto/moto moto/iam/models.py [update_role]"],
        },
        {
            text: "pulumi proto/pulumi/provider.proto, CheckRequest.AutonamingOptions.",
            references: ["pulumi/pulumi proto/pulumi/provider.proto [CheckRequest.AutonamingOptions]"],
        },
        {
            text: "terraform-provider-aws internal/verify/json.go, PolicyToSet, uses it; names: pulumi-aws provider/tags.go",
            references: [
                "hashicorp/terraform-provider-aws internal/verify/json.go [PolicyToSet]",
                "pulumi/pulumi-aws provider/tags.go []",
            ],
        },
        { text: "smithy-go errors.go, without a stack", references: ["aws/smithy-go errors.go []"] },
        {
            text: "pulumi sdk/nodejs/runtime/rpc.ts and sdk/nodejs/other.ts: only the first is upstream's",
            references: ["pulumi/pulumi sdk/nodejs/runtime/rpc.ts []"],
        },
        { text: "moto's answers: see nodes.ts, list.json and README.md", references: [] },
        {
            text: "pkg/handler/handler.go, Handle",
            file: "identityWebhook/review.ts",
            references: [`${handler} [Handle]`],
        },
        { text: "internal/service/iam/role.go", file: "awsProvider/resources/a.ts", references: [`${role} []`] },
        {
            text: "https://github.com/aws/amazon-vpc-cni-k8s/blob/master/pkg/ipamd/ipamd.go#L1, nodeInit; (https://a.example/b.html).",
            references: [`${ipamd} [nodeInit]`, "https://a.example/b.html"],
        },
        { text: "an issuer such as https://oidc.eks.us-west-2.amazonaws.com/id/…", references: [] },
    ];
    for (const { text, file = "cluster/example.ts", references } of cases) {
        it(`is read from: ${text}`, () => {
            const { cited, problems } = collectFrom(file, `/** ${text} */\nexport {};`);
            assert.deepEqual(
                cited.map(({ reference }) => shown(reference)),
                references,
            );
            assert.deepEqual(problems, []);
        });
    }

    it("may leave out the folder of a file that a comment above names", () => {
        const text = [
            "/** amazon-vpc-cni-k8s pkg/ipamd/ipamd.go */",
            "function f() {",
            "    // The first one",
            "    // (ipamd.go, nodeInit).",
            "    return g(); /* pkg/ipamd/ipamd.go, setupENI */",
            "}",
        ].join("\n");
        assert.deepEqual(
            collectFrom("cluster/example.ts", text).cited.map(({ at, reference }) => `${at} ${shown(reference)}`),
            [
                `cluster/example.ts:1 ${ipamd} []`,
                `cluster/example.ts:3 ${ipamd} [nodeInit]`,
                `cluster/example.ts:5 ${ipamd} [setupENI]`,
            ],
        );
    });

    it("is incomplete without a repository or a folder", () => {
        assert.deepEqual(collectFrom("cluster/example.ts", "// pkg/a.go").problems, [
            "cluster/example.ts:1: pkg/a.go: names no repository",
        ]);
        assert.deepEqual(collectFrom("awsProvider/example.ts", "// role.go, retryCreateRole").problems, [
            "awsProvider/example.ts:1: role.go: names no folder",
        ]);
    });

    it("is not read from code", () => {
        const text = 'const text = "kwok pkg/a.go"; // none\nconst url = `https://a.example/${text}`;';
        assert.deepEqual(collectFrom("cluster/example.ts", text).cited, []);
    });
});

describe("a reference to upstream in a README", () => {
    const table = (header: string, cell: string) =>
        `# Title\n\n| it | ${header} |\n| --- | --- |\n| works | ${cell} |\n`;

    it("is read from the columns of sources, with the line of its row", () => {
        const cell = "[ipamd.go](https://github.com/aws/amazon-vpc-cni-k8s/blob/master/pkg/ipamd/ipamd.go), nodeInit";
        for (const header of ["source", "checked by"]) {
            assert.deepEqual(
                collectFrom("cluster/README.md", table(header, cell)).cited.map(
                    ({ at, reference }) => `${at} ${shown(reference)}`,
                ),
                [`cluster/README.md:5 ${ipamd} [nodeInit]`],
            );
        }
        assert.deepEqual(collectFrom("cluster/README.md", table("test", cell)).cited, []);
    });

    it("is a page, or a file of the repository that the cell or the folder means", () => {
        const cell =
            "[user guide](https://a.example/guide.html#part); `pkg/handler/handler.go`, Handle; [own](../tests/own.ts)";
        assert.deepEqual(
            collectFrom("identityWebhook/README.md", table("source", cell)).cited.map(({ reference }) =>
                shown(reference),
            ),
            ["https://a.example/guide.html#part", `${handler} [Handle]`],
        );
    });
});
