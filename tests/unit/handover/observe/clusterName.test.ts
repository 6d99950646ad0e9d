import { deepStrictEqual, strictEqual } from "node:assert/strict";
import type { NamedCluster, UnreadCall } from "../../../../handover/model/otherDelivery";
import { NameCandidate, nameCandidates, whyNotTheName, whyUnknown } from "../../../../handover/observe/clusterName";
import { ISSUER } from "../support/worlds";

const candidate = (name: string, named: string): NameCandidate => ({ name, named });

describe("The names that the cluster may have", () => {
    it("are the one that the program gives, alone", () => {
        const given = candidate("prod", 'The argument clusterName is "prod"');
        deepStrictEqual(nameCandidates("prod", ["other"], ["more"]), [given]);
    });

    it("are those of the kubeconfig first, then those of the nodes' tags, each once", () => {
        deepStrictEqual(nameCandidates(undefined, ["a", "b"], ["b", "c"]), [
            candidate("a", 'The kubeconfig names "a"'),
            candidate("b", 'The kubeconfig names "b"'),
            candidate("c", `The tags of the nodes' instances name "c"`),
        ]);
    });

    it("are none where neither has one", () => deepStrictEqual(nameCandidates(undefined, [], []), []));
});

describe("A name that the cluster may have", () => {
    const call: UnreadCall = { action: "eks:DescribeCluster", cause: "denied", why: "Denied." };
    const found = candidate("prod", 'The kubeconfig names "prod"');
    const given = candidate("prod", 'The argument clusterName is "prod"');
    const there = (issuer: string | undefined): NamedCluster => ({ is: "there", issuer });
    const rows: [string, NameCandidate, NamedCluster, string | undefined][] = [
        ["is its name where EKS reports its issuer", found, there(ISSUER), undefined],
        [
            "is another cluster's where EKS reports another issuer",
            found,
            there("other"),
            `The kubeconfig names "prod", and the issuer of that cluster is other, not ${ISSUER}.`,
        ],
        [
            "is another cluster's where that one has no issuer",
            found,
            there(undefined),
            `The kubeconfig names "prod", and the issuer of that cluster is unknown, not ${ISSUER}.`,
        ],
        [
            "is another cluster's also where the program gives it",
            given,
            there("other"),
            `The argument clusterName is "prod", and the issuer of that cluster is other, not ${ISSUER}.`,
        ],
        [
            "is that of no cluster of this account and region",
            found,
            { is: "missing" },
            'The kubeconfig names "prod", and EKS has no such cluster in this account and region.',
        ],
        [
            "is unchecked where EKS does not answer",
            found,
            { is: "unread", call },
            'The kubeconfig names "prod", and EKS did not show the issuer of that cluster. Denied.',
        ],
        [
            "is unchecked then also if the program gives it",
            given,
            { is: "unread", call },
            'The argument clusterName is "prod", and EKS did not show the issuer of that cluster. Denied.',
        ],
    ];
    for (const [what, name, seen, why] of rows) {
        it(what, () => strictEqual(whyNotTheName(name, ISSUER, seen), why));
    }
});

describe("A name that is unknown", () => {
    it("is so because nothing names the cluster", () => {
        strictEqual(
            whyUnknown([]),
            "The name of the EKS cluster is unknown: the kubeconfig has none, and the tags of the nodes' instances have none in common.",
        );
    });

    it("is so for each reason", () =>
        strictEqual(whyUnknown(["A.", "B."]), "The name of the EKS cluster is unknown. A. B."));
});
