import * as assert from "assert";
import * as pulumi from "@pulumi/pulumi";
import { DeleteOpenIDConnectProviderCommand } from "@aws-sdk/client-iam";
import type { Sandbox } from "local-eks";
import { CniServiceAccountRole, CniServiceAccountRoleArgs, IpFamily } from "../../index";
import { clusterOf, uids } from "./support/cluster";
import { createOidcProvider, iamOf } from "./support/iam";
import { sandboxOf } from "./support/sandboxes";
import { failureOf, withStack } from "./support/stacks";

describe("what is refused before anything is created", () => {
    let sandbox: Sandbox;

    before(async () => {
        sandbox = await sandboxOf("ipv4");
        await clusterOf(sandbox).settled();
    });

    async function failureOfUp(args: () => CniServiceAccountRoleArgs): Promise<string> {
        const program = () => ({ cni: new CniServiceAccountRole("cni", { liveChecks: false, ...args() }).ready });
        return withStack(sandbox, program, async (stack) => {
            const failure = (await failureOf(stack.up())) ?? "";
            const { deployment } = (await stack.exportStack()) as { deployment: { resources?: { type: string }[] } };
            const created = (deployment.resources ?? []).filter(({ type }) => /^(aws|kubernetes):/.test(type));
            assert.deepStrictEqual(created, [], "something was created");
            return failure;
        });
    }

    it("bad arguments, all of them in one error without a JavaScript stack", async () => {
        const failure = await failureOfUp(() => ({ roleName: "no spaces", maxSessionDuration: 60 }));
        assert.match(failure, /CniServiceAccountRole "cni": 3 invalid arguments. Nothing was created\./);
        assert.match(failure, /^ +clusterName: expected the cluster's name/m);
        assert.match(failure, /^ +roleName: expected 1 to 64 letters.*got "no spaces"/m);
        assert.match(failure, /^ +maxSessionDuration: expected a whole number of seconds from 3600 to 43200, got 60/m);
        assert.doesNotMatch(failure, /\n +at /);
    });

    it("a bad argument that is known late, and its secret value is not shown", async () => {
        const failure = await failureOfUp(() => ({
            clusterName: sandbox.clusterName,
            roleName: pulumi.secret("hunter 2"),
        }));
        assert.match(failure, /roleName: expected 1 to 64 letters.*got a secret value/);
        assert.doesNotMatch(failure, /hunter 2/);
    });

    it("a cluster that does not exist, with what to look at", async () => {
        const failure = await failureOfUp(() => ({ clusterName: "nonexistent" }));
        const expected = "expected an EKS cluster in the AWS provider's account and region";
        const fix = "to see the clusters: aws eks list-clusters .*; details: .*No cluster found for name: nonexistent";
        assert.match(failure, new RegExp(`clusterName: ${expected}, got "nonexistent", which is not there; ${fix}`));
    });

    it("an IP family that is not the cluster's", async () => {
        const failure = await failureOfUp(() => ({ clusterName: sandbox.clusterName, ipFamily: IpFamily.Ipv6 }));
        assert.match(
            failure,
            /ipFamily: expected "ipv4", the IP family of the cluster, got "ipv6"; set ipFamily to "ipv4"/,
        );
    });

    it("a provider of another issuer than the cluster's", async () => {
        const oidcProviderArn = `${sandbox.oidcProviderArn}0`;
        const failure = await failureOfUp(() => ({ clusterName: sandbox.clusterName, oidcProviderArn }));
        assert.ok(
            failure.includes(`oidcProviderArn: expected the provider of the cluster's issuer ${sandbox.issuer}, got`),
        );
    });

    it("a cluster whose OIDC provider does not exist, with its issuer and how to make one", async () => {
        const { client } = iamOf(sandbox);
        await client.send(
            new DeleteOpenIDConnectProviderCommand({ OpenIDConnectProviderArn: sandbox.oidcProviderArn }),
        );
        try {
            const failure = await failureOfUp(() => ({ clusterName: sandbox.clusterName }));
            assert.ok(
                failure.includes(
                    `oidcProviderArn: expected an IAM OIDC provider for the cluster's issuer ${sandbox.issuer}`,
                ),
            );
            assert.ok(
                failure.includes(
                    `got none; create one with "aws iam create-open-id-connect-provider --url ${sandbox.issuer}`,
                ),
            );
        } finally {
            await createOidcProvider(sandbox);
        }
    });

    it("a fixed name with a change that replaces the role: the old role stays in use", async () => {
        let rolePath = "/one/";
        const program = () => {
            const args = { clusterName: sandbox.clusterName, liveChecks: false, roleName: "fixed", rolePath };
            return { ready: new CniServiceAccountRole("cni", args).ready };
        };
        const cluster = clusterOf(sandbox);
        await withStack(sandbox, program, async (stack) => {
            const { outputs } = await stack.up();
            const pods = await cluster.awsNodePods();
            rolePath = "/two/";
            const failure = (await failureOf(stack.up())) ?? "";
            assert.match(
                failure,
                /A role with this name already exists\. Nothing was changed\. Choose a roleName other than fixed,/,
            );
            assert.strictEqual((await iamOf(sandbox).role("fixed"))?.Path, "/one/");
            assert.strictEqual((await cluster.annotations())["eks.amazonaws.com/role-arn"], outputs["ready"]?.value);
            assert.deepStrictEqual(uids(await cluster.awsNodePods()), uids(pods));
            rolePath = "/one/";
            // Only the inputs of the component itself change.
            assert.deepStrictEqual((await stack.up()).summary.resourceChanges, { same: 5, update: 1 });
        });
    });
});
