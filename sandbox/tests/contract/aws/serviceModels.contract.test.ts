import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { mock } from "node:test";

import { GetRoleCommand } from "@aws-sdk/client-iam";

import { commonErrors, notOffered } from "../../../aws/commonErrors";
import { resolveConflicts, roleArnLimits, tagsLimits } from "../../../aws/eks/addOns/validation";
import { routes } from "../../../aws/eks/routes";
import { limits, policyDescription, roleDescription, sessionDuration, tagPatterns } from "../../../aws/iam/constraints";
import type { Limits } from "../../../aws/limits";
import { ModelGuard } from "../../../aws/modelGuard";
import {
    modelledErrors,
    type ModelledService,
    type ServiceModel,
    serviceModel,
    type Shape,
} from "../../../aws/serviceModels";
import { duration, limits as stsLimits } from "../../../aws/sts/webIdentity";
import { ensureTool } from "../../../tools";
import { assertRefused } from "./support";
import { useIam } from "./useIam";

const folder = join(__dirname, "../../../aws");

/** The errors that the front constructs: the code and the status where both are literals. */
function constructed(): { file: string; code: string; status: number }[] {
    return readdirSync(folder, { recursive: true, encoding: "utf8" })
        .filter((file) => file.endsWith(".ts"))
        .flatMap((file) => {
            const text = readFileSync(join(folder, file), "utf8");
            const found = [
                ...text.matchAll(/new AwsError\(\s*"(\w+)",(?:(?!new AwsError)[\s\S])*?,\s*(\d{3}),?\s*\)/g),
            ];
            return found.map(([, code = "", status]) => ({ file, code, status: Number(status) }));
        });
}

describe("AWS's own service models and the front of the AWS stand-in", function () {
    this.timeout(120_000);
    const account = useIam();
    let models: Record<ModelledService, ServiceModel>;
    let guard: ModelGuard;
    before(async () => {
        const moto = await ensureTool("moto");
        const read = (service: ModelledService) => serviceModel(moto, service);
        models = { iam: read("iam"), sts: read("sts"), eks: read("eks"), "eks-auth": read("eks-auth") };
        guard = new ModelGuard(moto);
    });

    it("agree on every error that the front constructs, with its status", () => {
        const all = constructed();
        assert.ok(all.length > 40, `${all.length} errors were found`);
        const known = new Map<string, Set<number>>();
        const add = (code: string, status: number) => known.set(code, (known.get(code) ?? new Set()).add(status));
        for (const model of Object.values(models)) {
            Object.keys(model.operations).forEach((operation) =>
                modelledErrors(model, operation).forEach((status, code) => add(code, status)),
            );
        }
        [...Object.values(commonErrors), notOffered].forEach((errors) =>
            Object.entries(errors).forEach(([code, status]) => add(code, status)),
        );
        const unknown = all.filter(({ code, status }) => !known.get(code)?.has(status));
        assert.deepEqual(unknown, []);
    });

    const getRole = { service: "iam", action: "GetRole", method: "POST", url: "/" } as const;
    const describeCluster = { service: "eks", action: "", method: "GET", url: "/clusters/a?b=c" } as const;
    const describeVpcs = { service: "ec2", action: "DescribeVpcs", method: "POST", url: "/" } as const;
    const cases: [string, Parameters<ModelGuard["problemOf"]>, string | undefined][] = [
        ["an error of the operation", [getRole, "NoSuchEntity", 404], undefined],
        [
            "an error of the operation, with another status",
            [getRole, "NoSuchEntity", 400],
            "The stand-in answered iam:GetRole with NoSuchEntity (400), and AWS has it with the status 404.",
        ],
        [
            "an error of another operation",
            [getRole, "DeleteConflict", 409],
            "The stand-in answered iam:GetRole with DeleteConflict (409), and AWS has no such error for this operation.",
        ],
        [
            "an error of every operation",
            [{ service: "sts", action: "GetCallerIdentity", method: "POST", url: "/" }, "InvalidClientTokenId", 403],
            undefined,
        ],
        ["an error of a REST operation", [describeCluster, "ResourceNotFoundException", 404], undefined],
        [
            "EKS's throttling with the status of other services",
            [describeCluster, "TooManyRequestsException", 400],
            "The stand-in answered eks:DescribeCluster with TooManyRequestsException (400), and AWS has it with the status 429.",
        ],
        ["a missing resource of EC2", [describeVpcs, "InvalidVpcID.NotFound", 400], undefined],
        [
            "a resource that EC2 does not have",
            [describeVpcs, "InvalidThingID.NotFound", 400],
            "The stand-in answered ec2:DescribeVpcs with InvalidThingID.NotFound (400), and AWS has no such error for this operation.",
        ],
        [
            "a code that EC2 does not have",
            [describeVpcs, "AccessDenied", 403],
            "The stand-in answered ec2:DescribeVpcs with AccessDenied (403), and AWS has no such error for this operation.",
        ],
    ];
    for (const [what, asked, problem] of cases) {
        it(`are compared at each answer: ${what}`, () => assert.equal(guard.problemOf(...asked), problem));
    }

    it("are compared at each answer: the front asks the guard", async () => {
        const problemOf = mock.method(ModelGuard.prototype, "problemOf", () => "No such error.");
        try {
            const missing = account.fixture.iam.send(new GetRoleCommand({ RoleName: "missing" }));
            await assertRefused(missing, { name: "InternalFailure", status: 500, message: "No such error." });
        } finally {
            problemOf.mock.restore();
        }
    });

    /** The shape of an input parameter. */
    const shapeOf = (operation: string, member: string, service: ModelledService = "iam"): Shape => {
        const { operations, shapes } = models[service];
        const input = shapes[operations[operation]?.input?.shape ?? ""];
        return shapes[input?.members?.[member]?.shape ?? ""] ?? assert.fail(`${operation} has no ${member}`);
    };
    const members: [string, string, ModelledService?][] = [
        ["CreateRole", "RoleName"],
        ["PutRolePolicy", "PolicyName"],
        ["CreatePolicy", "PolicyName"],
        ["CreateInstanceProfile", "InstanceProfileName"],
        ["AttachRolePolicy", "PolicyArn"],
        ["CreateRole", "PermissionsBoundary"],
        ["DeleteOpenIDConnectProvider", "OpenIDConnectProviderArn"],
        ["CreateOpenIDConnectProvider", "Url"],
        ["SetDefaultPolicyVersion", "VersionId"],
        ["AssumeRoleWithWebIdentity", "RoleArn", "sts"],
        ["AssumeRoleWithWebIdentity", "RoleSessionName", "sts"],
        ["AssumeRoleWithWebIdentity", "WebIdentityToken", "sts"],
        ["AssumeRole", "RoleArn", "sts"],
        ["AssumeRole", "RoleSessionName", "sts"],
    ];
    const all: Readonly<Record<string, Limits>> = { ...limits, ...stsLimits };
    for (const [operation, member, service] of members) {
        it(`agree on the length and the pattern of ${member} in ${operation}`, () => {
            const { min, max, pattern } = shapeOf(operation, member, service);
            const own = all[member] ?? assert.fail();
            // The pattern of ARNs excludes control characters alone; STS refuses these ARNs by their form.
            assert.equal(own.pattern?.text, member === "RoleArn" ? undefined : pattern);
            if (max !== undefined) {
                assert.deepEqual([own.minLength ?? 0, own.maxLength], [min ?? 0, max]);
            }
        });
    }

    it("agree on descriptions, tags and the length of sessions", () => {
        const description = shapeOf("CreateRole", "Description");
        assert.deepEqual(
            [roleDescription.maxLength, roleDescription.pattern?.text],
            [description.max, description.pattern],
        );
        assert.equal(policyDescription.maxLength, shapeOf("CreatePolicy", "Description").max);
        const { shapes } = models.iam;
        assert.equal(tagPatterns.key.text, shapes["tagKeyType"]?.pattern);
        assert.equal(tagPatterns.value.text, shapes["tagValueType"]?.pattern);
        const ofRole = shapeOf("CreateRole", "MaxSessionDuration");
        assert.deepEqual([ofRole.min, ofRole.max], [sessionDuration.min, sessionDuration.max]);
        for (const operation of ["AssumeRole", "AssumeRoleWithWebIdentity"]) {
            const { min, max } = shapeOf(operation, "DurationSeconds", "sts");
            assert.deepEqual([min, max], [duration.min, duration.max]);
        }
    });

    it("agree on the role, the conflicts and the tags of add-ons", () => {
        const role = shapeOf("UpdateAddon", "serviceAccountRoleArn", "eks");
        assert.deepEqual([role.min, role.max], [roleArnLimits.minLength, roleArnLimits.maxLength]);
        assert.deepEqual(shapeOf("UpdateAddon", "resolveConflicts", "eks").enum, resolveConflicts);
        const { min, max } = shapeOf("CreateAddon", "tags", "eks");
        assert.deepEqual([min, max], [tagsLimits.min, tagsLimits.max]);
    });

    it("agree on the method and the path of each EKS operation that the front knows", () => {
        const { operations } = models.eks;
        const differing = routes.filter(([method, path, action]) => {
            const { http } = operations[action] ?? {};
            return http?.method !== method || !path.test(http.requestUri.replace(/\{\w+\}/g, "a"));
        });
        assert.deepEqual(differing, []);
        assert.equal(new Set(routes.map(([, , action]) => action)).size, routes.length);
    });

    it("agree on what the Pod Identity agent is refused with", () => {
        const errors = modelledErrors(models["eks-auth"], "AssumeRoleForPodIdentity");
        const own = constructed().filter(
            ({ file, code }) =>
                file.startsWith("eksAuth/") && !["NotImplemented", "UnknownOperationException"].includes(code),
        );
        assert.ok(own.length >= 3);
        own.forEach(({ code, status }) => assert.equal(errors.get(code), status, code));
    });
});
