import * as assert from "assert";
import { execFile } from "child_process";
import { join } from "path";
import { promisify } from "util";
import type { Sandbox } from "local-eks";
import { codeBlocks, codeSpans, page } from "../unit/support/markdown";
import { sandboxOf } from "./support/sandboxes";

/** https://pypi.org/project/awscli: version 1 of the AWS CLI, since version 2 is in no package registry. */
const AWS_CLI = "awscli==1.46.3";

/** The names in the docs, and those of the local EKS. */
const NAMES: Readonly<Record<string, string>> = { "my-cluster": "sandbox", "my-nodes": "sandbox" };

const PAGES = ["README.md", "docs/installation-configuration.md"].map(page);

/** The commands with which these pages let readers look at a cluster, and what each must answer before the hand-over. */
const ANSWERS: Readonly<Record<string, (answer: string, sandbox: Sandbox) => void>> = {
    "kubectl get daemonset aws-node -n kube-system": (answer) => assert.match(answer, /^aws-node +3 /m),
    "kubectl get serviceaccount aws-node -n kube-system -o yaml --show-managed-fields": (answer) =>
        assert.match(answer, /^ {2}managedFields:$[^]*^ {2}name: aws-node$/m),
    "aws iam list-open-id-connect-providers": (answer, { oidcProviderArn }) =>
        assert.ok(answer.includes(`"Arn": "${oidcProviderArn}"`), answer),
    "aws eks describe-cluster --name my-cluster --query cluster.identity.oidc.issuer": (answer, { oidcProviderArn }) =>
        assert.strictEqual(answer.trim(), `"https://${oidcProviderArn.replace(/^.*:oidc-provider\//, "")}"`),
    "aws eks describe-cluster --name my-cluster --query cluster.identity.oidc.issuer --output text": (
        answer,
        { oidcProviderArn },
    ) => assert.strictEqual(answer.trim(), `https://${oidcProviderArn.replace(/^.*:oidc-provider\//, "")}`),
    "aws eks describe-nodegroup --cluster-name my-cluster --nodegroup-name my-nodes --query nodegroup.nodeRole": (
        answer,
    ) => assert.match(answer, /:role\/sandbox-nodes"$/m),
    "aws eks describe-addon --cluster-name my-cluster --addon-name vpc-cni": (answer) =>
        assert.match(answer, /ResourceNotFoundException.*No addon/),
    "aws eks list-pod-identity-associations --cluster-name my-cluster": (answer) =>
        assert.deepStrictEqual(JSON.parse(answer), { associations: [] }),
    "pulumi login --local": (answer) => assert.match(answer, /^Logged in to /),
};

/** Other suites run these, or they are only names of commands. kwok runs no containers, and eksctl is in no package registry. */
const ELSEWHERE = [
    /^npm (?:install|test$|run (?:pack|demo)$)/,
    /^pulumi (?:preview|up|up --refresh|destroy|login|cancel)$/,
    /^pulumi (?:stack init|stack output|config set|state delete|package|new)\b/,
    /^kubectl (?:describe daemonset aws-node -n kube-system|config set-credentials)$/,
    /^aws (?:sso login|eks update-kubeconfig\b.*)$/,
    /^eksctl utils associate-iam-oidc-provider --cluster my-cluster --approve$/,
];

const run = promisify(execFile);

/** A Python with pip: Debian packages pip and venv separately from python3, and either is enough. */
async function withPip(environment: string): Promise<string> {
    try {
        await run("python3", ["-m", "pip", "--version"]);
        return "python3";
    } catch {
        await run("python3", ["-m", "venv", environment]);
        return join(environment, "bin", "python");
    }
}

describe("The commands of README and of the page on the installation", () => {
    let sandbox: Sandbox;
    let awsCli: string;
    const written = [
        ...new Set(
            PAGES.flatMap((of) => [
                ...codeSpans(of),
                ...codeBlocks(of).flatMap(({ language, text }) => (language === "sh" ? text.split("\n") : [])),
            ]).filter((text) => /^(?:aws|eksctl|kubectl|npm|pulumi) \S/.test(text)),
        ),
    ];

    before(async function () {
        this.timeout(5 * 60_000);
        sandbox = await sandboxOf("ipv4");
        awsCli = join(sandbox.directory, "aws-cli-1");
        const python = await withPip(join(sandbox.directory, "aws-cli-pip"));
        await run(python, ["-m", "pip", "install", "--quiet", "--target", awsCli, AWS_CLI]);
    });

    it("are those that this test knows", () => {
        assert.deepStrictEqual(
            written.filter((command) => !ELSEWHERE.some((pattern) => pattern.test(command))).sort(),
            Object.keys(ANSWERS).sort(),
        );
    });

    for (const [command, check] of Object.entries(ANSWERS)) {
        it(`answer the reader's question: ${command}`, async () => {
            const [program = "", ...args] = command.split(" ").map((word) => NAMES[word] ?? word);
            const HOME = join(sandbox.directory, "empty-home");
            const ownState = { HOME, PULUMI_HOME: HOME, PULUMI_BACKEND_URL: undefined };
            const env = { ...sandbox.environment, ...ownState, PYTHONPATH: awsCli };
            const started =
                program === "aws" ? run("python3", ["-m", "awscli", ...args], { env }) : run(program, args, { env });
            const { stdout, stderr } = await started.catch(
                (error: unknown) => error as { stdout: string; stderr: string },
            );
            check(stdout + stderr, sandbox);
        });
    }
});
