import * as assert from "assert";
import { awsCall, kubernetesCall, type Request } from "../../continuity/engine/calls";

const request = (more: Partial<Request>): Request => ({
    method: "POST",
    url: "/",
    contentType: "application/x-www-form-urlencoded; charset=utf-8",
    service: "iam",
    body: "",
    ...more,
});

describe("a call to AWS", () => {
    const calls: [string, string, Partial<Request>, boolean][] = [
        [
            "a role's new policy",
            "iam AttachRolePolicy nodes cni",
            { body: "Action=AttachRolePolicy&RoleName=nodes&PolicyArn=arn:aws:iam::aws:policy/cni" },
            true,
        ],
        ["a role's deletion", "iam DeleteRole cni", { body: "Action=DeleteRole&RoleName=cni" }, true],
        ["a look", "iam GetRole cni", { body: "Action=GetRole&RoleName=cni" }, false],
        ["a list", "iam ListRoles", { body: "Action=ListRoles" }, false],
        ["a simulation", "iam SimulatePrincipalPolicy", { body: "Action=SimulatePrincipalPolicy" }, false],
        [
            "a role that is assumed",
            "sts AssumeRoleWithWebIdentity",
            { service: "sts", body: "Action=AssumeRoleWithWebIdentity" },
            false,
        ],
        [
            "a dry run",
            "ec2 CreateNetworkInterface",
            { service: "ec2", body: "Action=CreateNetworkInterface&DryRun=true" },
            false,
        ],
        [
            "the same in earnest",
            "ec2 CreateNetworkInterface",
            { service: "ec2", body: "Action=CreateNetworkInterface" },
            true,
        ],
        [
            "a query by GET",
            "iam GetRole cni",
            { method: "GET", url: "/?Action=GetRole&RoleName=cni", contentType: "" },
            false,
        ],
        [
            "a look at a cluster",
            "eks GET /clusters/prod",
            { method: "GET", url: "/clusters/prod", contentType: "", service: "eks" },
            false,
        ],
        [
            "a new add-on",
            "eks POST /clusters/prod/addons",
            { url: "/clusters/prod/addons?x=1", contentType: "application/json", service: "eks" },
            true,
        ],
    ];
    calls.forEach(([what, operation, more, write]) => {
        it(`is ${write ? "a write" : "no write"}: ${what}`, () => {
            assert.deepStrictEqual(awsCall(request(more)), { operation, write });
        });
    });
});

describe("a call to Kubernetes", () => {
    const core = "/api/v1/namespaces/kube-system";
    const calls: [string, string, string, boolean][] = [
        ["PATCH", `${core}/serviceaccounts/aws-node?fieldManager=x`, "PATCH serviceaccounts/aws-node", true],
        ["PATCH", `${core}/serviceaccounts/aws-node?dryRun=All`, "PATCH serviceaccounts/aws-node", false],
        ["DELETE", `${core}/pods/aws-node-x`, "DELETE pods/aws-node-x", true],
        ["PATCH", "/apis/apps/v1/namespaces/kube-system/daemonsets/aws-node", "PATCH daemonsets/aws-node", true],
        [
            "POST",
            "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies",
            "POST validatingadmissionpolicies",
            true,
        ],
        ["POST", `${core}/serviceaccounts/aws-node/token`, "POST serviceaccounts/aws-node/token", false],
        ["POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", "POST selfsubjectaccessreviews", false],
        ["GET", `${core}/pods?limit=50`, "GET pods", false],
        ["GET", `${core}/pods?watch=true`, "WATCH pods", false],
        ["GET", `${core}/pods?watch=1`, "WATCH pods", false],
        ["GET", "/version", "GET /version", false],
        ["GET", "/api/v1/nodes", "GET nodes", false],
    ];
    calls.forEach(([method, url, operation, write]) => {
        it(`is ${write ? "a write" : "no write"}: ${method} ${url}`, () => {
            assert.deepStrictEqual(kubernetesCall(request({ method, url })), { operation, write });
        });
    });
});
