import { deepStrictEqual, equal, ok, rejects } from "node:assert/strict";
import { World } from "./contract";
import { CNI_POLICY, permissions, trust, unique, WORKER_POLICY } from "./prerequisites";
import { PartialError, Properties, ProviderClient } from "../../../providerClient";
import { rejectsWith } from "./rejectsWith";
import { iamError, ScriptedApi } from "./scriptedApi";
import { useScriptedProvider } from "./useScriptedProvider";

const ROLE = "aws:iam/role:Role";

describe("the stand-in of the AWS provider does as the real one", () => {
    const { started, make } = useScriptedProvider();
    let api: ScriptedApi;
    let provider: ProviderClient;
    let world: World;
    before(() => ({ api, provider, world } = started()));

    function makeOwnRole(more: Properties = {}): ReturnType<typeof make> {
        return make(ROLE, { name: unique("semantics"), assumeRolePolicy: trust("ec2.amazonaws.com"), ...more });
    }

    describe("with a role", () => {
        it("waits until IAM shows the new role", async () => {
            const late = iamError(404, "NoSuchEntity", "not yet");
            api.answer("GetRole", late);
            const { id } = await makeOwnRole();
            ok(id.startsWith("semantics"));
            deepStrictEqual(api.calls.filter((call) => call === "GetRole").length, 2);
        });

        it("tries again while IAM does not know a principal yet", async () => {
            api.answer("CreateRole", iamError(400, "MalformedPolicyDocument", "Invalid principal in policy: X"));
            await makeOwnRole();
            deepStrictEqual(api.calls.slice(0, 2), ["CreateRole", "CreateRole"]);
        });

        it("does not try again when the trust policy is wrong in another way", async () => {
            api.answer("CreateRole", iamError(400, "MalformedPolicyDocument", "Syntax errors in policy."));
            await rejectsWith(
                makeOwnRole(),
                /^creating IAM Role \(semantics-\d+\): operation error IAM: CreateRole, https response error StatusCode: 400, RequestID: .*, MalformedPolicyDocument: Syntax errors in policy\.$/,
            );
            deepStrictEqual(api.calls, ["CreateRole"]);
        });

        it("refuses to delete it while it holds a policy that it did not attach", async () => {
            const { id, state } = await makeOwnRole();
            await world.iam.attachRolePolicy({ RoleName: id, PolicyArn: CNI_POLICY });
            await rejectsWith(
                provider.delete(ROLE, id, state),
                /^deleting IAM Role \(semantics-\d+\): operation error IAM: DeleteRole, .* DeleteConflict: Cannot delete entity, must detach all policies first\.$/,
            );
        });

        it("detaches every policy before the delete with forceDetachPolicies", async () => {
            const { id, state } = await makeOwnRole({ forceDetachPolicies: true });
            await world.iam.attachRolePolicy({ RoleName: id, PolicyArn: CNI_POLICY });
            await world.iam.putRolePolicy({ RoleName: id, PolicyName: "own", PolicyDocument: permissions("s3:*") });
            await provider.delete(ROLE, id, state);
            await rejects(world.iam.getRole({ RoleName: id }), { name: "NoSuchEntityException" });
        });

        it("detaches every policy before the delete too once a refresh has seen attachments", async () => {
            const { id, state, inputs } = await makeOwnRole();
            await world.iam.attachRolePolicy({ RoleName: id, PolicyArn: CNI_POLICY });
            const refreshed = await provider.read(ROLE, id, state, inputs);
            deepStrictEqual(refreshed.state["managedPolicyArns"], [CNI_POLICY]);
            deepStrictEqual((await provider.diff(ROLE, refreshed.state, inputs)).changes, {});
            await provider.delete(ROLE, id, refreshed.state);
        });

        it("takes it out of its instance profiles before the delete", async () => {
            const { id, state } = await makeOwnRole();
            const InstanceProfileName = unique("profile");
            await world.iam.createInstanceProfile({ InstanceProfileName });
            await world.iam.addRoleToInstanceProfile({ InstanceProfileName, RoleName: id });
            await provider.delete(ROLE, id, state);
            const { InstanceProfile } = await world.iam.getInstanceProfile({ InstanceProfileName });
            deepStrictEqual(InstanceProfile?.Roles, []);
        });

        it("manages inline policies and attachments that are its own properties", async () => {
            const news = {
                inlinePolicies: [{ name: "first", policy: permissions("ec2:A") }],
                managedPolicyArns: [CNI_POLICY],
            };
            const { id, state, inputs } = await makeOwnRole(news);
            deepStrictEqual((await provider.diff(ROLE, state, inputs)).changes, {});
            const changed = {
                ...inputs,
                inlinePolicies: [{ name: "second", policy: permissions("ec2:B") }],
                managedPolicyArns: [WORKER_POLICY],
            };
            const expected = { inlinePolicies: "UPDATE", managedPolicyArns: "UPDATE" };
            deepStrictEqual((await provider.diff(ROLE, state, changed)).changes, expected);
            const updated = await provider.update(ROLE, id, state, changed);
            deepStrictEqual((await world.iam.listRolePolicies({ RoleName: id })).PolicyNames, ["second"]);
            deepStrictEqual(updated["managedPolicyArns"], [WORKER_POLICY]);
            await provider.delete(ROLE, id, updated);
        });

        it("leaves a role whose managed policies failed in the account and in no state, and attaches the others", async () => {
            const name = unique("semantics");
            const [one, two] = ["arn:aws:iam::aws:policy/One", "arn:aws:iam::aws:policy/Two"];
            const managedPolicyArns = [one, CNI_POLICY, two];
            await rejects(makeOwnRole({ name, managedPolicyArns }), (error) => {
                ok(error instanceof Error && !(error instanceof PartialError));
                const [first = "", second = ""] = error.message.split("\n");
                const words = (arn: string) =>
                    `attaching IAM Policy (${arn}) to IAM Role (${name}): operation error IAM: AttachRolePolicy, `;
                ok(first.startsWith(`creating IAM Role (${name}): ${words(one)}`), first);
                ok(second.startsWith(words(two)), second);
                return true;
            });
            const { AttachedPolicies } = await world.iam.listAttachedRolePolicies({ RoleName: name });
            deepStrictEqual(
                AttachedPolicies?.map(({ PolicyArn }) => PolicyArn),
                [CNI_POLICY],
            );
        });

        it("deletes a role again whose inline policies failed, with those that did not", async () => {
            const name = unique("semantics");
            const inlinePolicies = [
                { name: "good", policy: permissions("ec2:A") },
                { name: "wrong", policy: "{}" },
            ];
            await rejectsWith(
                makeOwnRole({ name, inlinePolicies }),
                /^creating IAM Role \(semantics-\d+\): adding inline policy \(wrong\): operation error IAM: PutRolePolicy, .*MalformedPolicyDocument: /,
            );
            await rejects(world.iam.getRole({ RoleName: name }), { name: "NoSuchEntityException" });
        });

        it("tries again while another call changes the role that is created", async () => {
            api.answer("CreateRole", iamError(409, "ConcurrentModification", "changing"));
            await makeOwnRole();
            deepStrictEqual(api.calls.slice(0, 2), ["CreateRole", "CreateRole"]);
        });

        it("keeps what exists in the state, as a resource that failed to initialise", async () => {
            const attempt = make("aws:iam/instanceProfile:InstanceProfile", {
                name: unique("profile"),
                role: "missing",
            });
            await rejects(attempt, (error) => {
                ok(error instanceof PartialError);
                ok(
                    error.message.startsWith("adding IAM Role (missing) to IAM Instance Profile (profile-"),
                    error.message,
                );
                equal(error.state["name"], error.id);
                return true;
            });
        });

        it("takes the trust policy as an object and leaves differently written ones alone", async () => {
            const statement = {
                Principal: { Service: ["ec2.amazonaws.com"] },
                Action: ["sts:AssumeRole"],
                Effect: "Allow",
            };
            const { state, inputs } = await makeOwnRole({
                assumeRolePolicy: { Version: "2012-10-17", Statement: [statement] },
            });
            equal(typeof inputs["assumeRolePolicy"], "string");
            const rewritten = {
                ...inputs,
                assumeRolePolicy: JSON.stringify(JSON.parse(trust("ec2.amazonaws.com")), null, 4),
            };
            deepStrictEqual((await provider.diff(ROLE, state, rewritten)).changes, {});
        });

        it("makes a name from a prefix, and keeps the prefix in the state", async () => {
            const { id, state, inputs } = await make(ROLE, {
                namePrefix: "nodes-",
                assumeRolePolicy: trust("ec2.amazonaws.com"),
            });
            ok(/^nodes-\d{18}[0-9a-f]{8}$/.test(id));
            equal(state["namePrefix"], "nodes-");
            deepStrictEqual((await provider.diff(ROLE, state, inputs)).changes, {});
        });

        const wrong: readonly [news: Properties, property: string, reason: string][] = [
            [{ name: "a b" }, "name", "must match [\\w+=,.@-]"],
            [{ name: "a".repeat(65) }, "name", `expected length to be in the range (1 - 64), got ${"a".repeat(65)}`],
            [
                { maxSessionDuration: 3599 },
                "maxSessionDuration",
                "expected to be in the range (3600 - 43200), got 3599",
            ],
            [{ maxSessionDuration: "long" }, "maxSessionDuration", `expected a whole number, got "long"`],
            [{ assumeRolePolicy: "" }, "assumeRolePolicy", "is an empty string, which is not a valid JSON value"],
            [
                { assumeRolePolicy: " {}" },
                "assumeRolePolicy",
                "contains an invalid JSON policy: leading space characters are not allowed",
            ],
            [
                { assumeRolePolicy: "[{}]" },
                "assumeRolePolicy",
                "contains an invalid JSON policy: contains a JSON array, not a JSON object",
            ],
            [{ assumeRolePolicy: "true" }, "assumeRolePolicy", "contains an invalid JSON policy: not a JSON object"],
            [
                { assumeRolePolicy: JSON.stringify("{}") },
                "assumeRolePolicy",
                "contains an invalid JSON policy: contains a JSON-encoded string, not a JSON-encoded object " +
                    "(have you double-encoded your JSON data?)",
            ],
            [
                { assumeRolePolicy: '"trust.json"' },
                "assumeRolePolicy",
                "contains an invalid JSON policy: contains a JSON-encoded string, not a JSON-encoded object " +
                    "(have you passed a JSON-encoded filename instead of the content of that file?)",
            ],
            [
                { permissionsBoundary: "CNI" },
                "permissionsBoundary",
                "is an invalid ARN: arn: invalid prefix or sections",
            ],
            [{ arn: "arn" }, "arn", `cannot configure a value for "arn": AWS decides it`],
            [{ tags: "a" }, "tags", `expected a map, got "a"`],
            [
                { name: "a", namePrefix: "b" },
                "name",
                `Conflicting configuration arguments. "name" conflicts with namePrefix`,
            ],
        ];
        for (const [news, property, reason] of wrong) {
            it(`refuses ${JSON.stringify(news).slice(0, 60)} by its property`, async () => {
                const { failures } = await provider.check(ROLE, {
                    assumeRolePolicy: trust("ec2.amazonaws.com"),
                    ...news,
                });
                equal(failures[property], reason);
            });
        }

        it("refuses a trust policy that is no JSON by its property", async () => {
            const { failures } = await provider.check(ROLE, { assumeRolePolicy: "{" });
            ok(failures["assumeRolePolicy"]?.startsWith("contains an invalid JSON policy: "));
        });

        it("asks for what is required", async () => {
            const { failures } = await provider.check(ROLE, {});
            deepStrictEqual(failures, {
                assumeRolePolicy: `Missing required argument. The argument "assumeRolePolicy" is required, but no definition was found.`,
            });
        });
    });
});
