import { deepStrictEqual, ok } from "assert";
import { readFileSync } from "fs";
import { join } from "path";
import { findProblems } from "../../components/arguments/allRules";
import { NOT_YET_KNOWN } from "../../components/arguments/knownArgs";
import { argumentsError, Problem } from "../../components/arguments/problem";
import { trustSizeProblems, trustSizeWarning } from "../../components/arguments/trustSizeRules";
import { roleAdvice, rolloutAdvice, serviceAccountAdvice } from "../../components/failures/failureAdvice";
import { autonamingProblems } from "../../components/live/autonaming";
import { clusterProblems } from "../../components/role/clusterLookup";
import { combinationRows } from "./components/arguments/combinationRows";
import { iamRules } from "./components/arguments/iamRules";
import { kubernetesRules } from "./components/arguments/kubernetesRules";
import { liveCombinationRows } from "./components/arguments/liveCombinationRows";
import { liveRules } from "./components/arguments/liveRules";
import { podIdentityRows } from "./components/arguments/podIdentityRows";
import { rowsOf } from "./components/arguments/rule";
import { tagRules } from "./components/arguments/tagRules";
import { codeSpans, page, ROOT } from "./support/markdown";

const PAGE = page("docs/troubleshooting.md");
const ISSUER = "oidc.eks.us-west-2.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE";
/** The messages of the lookups exist only in a program, so they are read from the source. */
const LOOKUPS = readFileSync(join(ROOT, "components/role/clusterLookup.ts"), "utf8");
/** The same applies to the messages about providers and the stack's configuration. */
const CONNECTION = readFileSync(join(ROOT, "components/live/liveConnection.ts"), "utf8");
const provider = (id: number) => `arn:aws:iam::111122223333:oidc-provider/${ISSUER}${String(id)}`;
const manyClusters = (count: number) => ({
    oidcProviderArn: provider(0),
    additionalOidcProviderArns: Array.from({ length: count }, (_, i) => provider(i + 1)),
});

/** `expected …` of each possible problem of the arguments. The tests of the rules have a row for each. */
function expectations(): string[] {
    const rules = [...iamRules, ...tagRules, ...kubernetesRules, ...liveRules];
    const rows = [...rules.flatMap(rowsOf), ...combinationRows, ...liveCombinationRows, ...podIdentityRows];
    const ofRules = rows.flatMap(({ problems }) => problems.map(({ reason }) => reason.replace(/, got .*$/s, "")));
    const cluster = { issuerUrl: `https://${ISSUER}`, ipFamily: "ipv6", region: "" };
    const ofCluster = [
        ...clusterProblems({ ...cluster, arn: "" }, { oidcProviderArn: provider(1), ipFamily: "ipv4" }),
        ...clusterProblems(
            { ...cluster, arn: "arn:aws:eks:us-west-2:111122223333:cluster/production" },
            {
                delivery: "podIdentity",
                ipFamily: "ipv6",
                existingRoleArn: "arn:aws:iam::444455556666:role/cni",
                permissionsBoundary: "arn:aws:iam::444455556666:policy/boundary",
                handedOverClusterArns: ["arn:aws:eks:us-west-2:444455556666:cluster/other"],
            },
        ),
    ];
    const ofPlain = findProblems({ oidcProviderArn: provider(1), ipFamily: NOT_YET_KNOWN });
    const ofLookups = [...(LOOKUPS + CONNECTION).matchAll(/expected: [`"](.*)[`"],/g)].map(([, text = ""]) =>
        text.replace(/\$\{[^}]*\}/g, "x"),
    );
    const ofAutonaming = autonamingProblems({ mode: "verbatim" });
    const others: Problem[] = [...ofCluster, ...ofAutonaming, ...ofPlain, ...trustSizeProblems(manyClusters(40))];
    const expected = [...others.map((problem) => problem.expected), ...ofLookups];
    return [...new Set([...ofRules, ...expected.map((text) => `expected ${text}`)])];
}

const CONFLICT = 'Apply failed with 1 conflict: conflict with "helm" using v1: .metadata.annotations.x';
const AWS_NODE = { name: "aws-node", namespace: "kube-system" };
const FAILURES = {
    taken: roleAdvice(["EntityAlreadyExists: Role with name cni already exists."], AWS_NODE),
    owned: serviceAccountAdvice([CONFLICT], AWS_NODE),
    ours: serviceAccountAdvice([CONFLICT.replace("helm", "eks-cni/network/production/cni")], AWS_NODE),
    restartedByAnother: rolloutAdvice([CONFLICT], AWS_NODE),
    noDaemonSet: rolloutAdvice(
        ['DaemonSet.apps "x" is invalid: spec.template.spec.containers: Required value'],
        AWS_NODE,
    ),
    timedOut: rolloutAdvice(["timed out waiting for the condition"], AWS_NODE),
    trustSize: trustSizeWarning(manyClusters(6)),
};

function firstSentence(text: string): string {
    return /^.*?\.(?=\s|$)/s.exec(text)?.[0] ?? text;
}

/** A text of the page as a pattern for messages. `…` matches anything. */
function matcher(shown: string): RegExp {
    return new RegExp(`^${shown.replace(/[.*+?^${}()|[\]\\]/g, "\\$&").replaceAll("…", ".+")}$`, "s");
}

describe("the troubleshooting page", () => {
    const shown = codeSpans(PAGE);
    const isShown = (message: string) => shown.some((text) => text.length > 12 && matcher(text).test(message));

    it("has every expectation of an argument", () => {
        const all = expectations();
        ok(all.length > 40, `${String(all.length)} expectations`);
        deepStrictEqual(
            all.filter((message) => !isShown(message)),
            [],
        );
    });

    it("has no expectation that no argument has", () => {
        const all = expectations();
        const stale = shown
            .filter((text) => text.startsWith("expected "))
            .filter((text) => !all.some((message) => matcher(text).test(message)));
        deepStrictEqual(stale, []);
    });

    for (const [title, message] of Object.entries(FAILURES)) {
        it(`has the first sentence of the advice or warning: ${title}`, () => {
            ok(message !== undefined);
            ok(isShown(firstSentence(message)), firstSentence(message));
        });
    }

    it("has the head of an argument error", () => {
        const problems = [{ path: "tags", expected: "x", got: "y", fix: "z" }];
        const [head = ""] = argumentsError("cni", problems).message.split("\n");
        ok(isShown(head.replace("1 invalid argument", "2 invalid arguments")), head);
    });
});
