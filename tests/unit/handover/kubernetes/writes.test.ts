import * as assert from "node:assert/strict";
import { bindingSpec, injectionGuardSpec } from "../../../../documents/injectionGuard";
import { accessTo, type Answer, refusalOf, type Request, ScriptedApi, status, subject } from "./support";

const account = "/api/v1/namespaces/kube-system/serviceaccounts/aws-node";
const daemonSet = "/apis/apps/v1/namespaces/kube-system/daemonsets/aws-node";
const pod = "/api/v1/namespaces/kube-system/pods/aws-node-1";
const guard = "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolic";
const { annotations, fieldManager } = subject;

const gone = status(404, "not found");
const replaced = status(409, "uid mismatch");
const conflict = status(409, "Apply failed with 1 conflict", {
    details: {
        causes: [
            {
                reason: "FieldManagerConflict",
                message: 'conflict with "kubectl-annotate" using v1',
                field: ".metadata.annotations.eks.amazonaws.com/role-arn",
            },
        ],
    },
});

const live = (metadata: object = {}): Answer => ({ body: { metadata: { name: "aws-node", uid: "uid", ...metadata } } });

describe("A write to the cluster", () => {
    let api: ScriptedApi;
    let answers: Record<string, Answer>;
    before(async () => {
        api = await ScriptedApi.start(({ method, path }) => answers[`${method} ${path}`] ?? gone);
    });
    after(() => api.stop());
    beforeEach(() => {
        answers = {};
        api.requests.splice(0);
    });

    const sent = () =>
        api.requests
            .filter(({ method }) => method !== "GET")
            .map(({ method, path, query, headers, body }: Request) => ({
                method,
                path,
                query: Object.fromEntries(query),
                type: headers["content-type"],
                body: body === "" ? undefined : (JSON.parse(body) as unknown),
            }));
    const applied = (path: string, manager: string, force: string | undefined, body: object) => ({
        method: "PATCH",
        path,
        type: "application/apply-patch+yaml",
        body,
        query: { fieldManager: manager, ...(force !== undefined && { force }) },
    });
    const accountWith = (metadata: object) => ({
        apiVersion: "v1",
        kind: "ServiceAccount",
        metadata: { namespace: "kube-system", name: "aws-node", uid: "uid", ...metadata },
    });

    for (const force of [true, false]) {
        it(`applies annotations under the component's manager, ${force ? "with" : "without"} force, to the same object`, async () => {
            answers = { [`GET ${account}`]: live(), [`PATCH ${account}`]: live() };
            await (await accessTo(api.url)).annotate(annotations, force);
            assert.deepEqual(sent(), [applied(account, fieldManager, String(force), accountWith({ annotations }))]);
        });
    }

    it("keeps the program's control annotations that the component's manager applied", async () => {
        const f = (...keys: string[]) => ({
            "f:metadata": { "f:annotations": Object.fromEntries(keys.map((key) => [`f:${key}`, {}])) },
        });
        const metadata = {
            annotations: {
                "pulumi.com/patchForce": "true",
                "pulumi.com/other": "x",
                "eks.amazonaws.com/audience": "y",
                "eks.amazonaws.com/role-arn": "old",
            },
            managedFields: [
                {
                    manager: fieldManager,
                    operation: "Apply",
                    fieldsV1: f("pulumi.com/patchForce", "eks.amazonaws.com/audience", "eks.amazonaws.com/role-arn"),
                },
                { manager: "another", operation: "Apply", fieldsV1: f("pulumi.com/other") },
            ],
        };
        answers = { [`GET ${account}`]: live(metadata), [`PATCH ${account}`]: live() };
        await (await accessTo(api.url)).annotate(annotations, false);
        const kept = { "pulumi.com/patchForce": "true", ...annotations };
        assert.deepEqual(sent(), [applied(account, fieldManager, "false", accountWith({ annotations: kept }))]);
    });

    it("names the owner of an annotation that is not given up", async () => {
        answers = { [`GET ${account}`]: live(), [`PATCH ${account}`]: conflict };
        const refusal = await refusalOf((await accessTo(api.url)).annotate(annotations, false));
        assert.equal(refusal.code, "annotation-owned-by-another");
        assert.equal(refusal.seen, 'The role annotation of kube-system/aws-node belongs to "kubectl-annotate".');
    });

    it("shows a conflict in the server's words when they are not the usual ones", async () => {
        const causes = [
            { reason: "FieldManagerConflict", message: "another owner", field: ".a" },
            { reason: "Other", field: ".b" },
        ];
        answers = {
            [`GET ${account}`]: live(),
            [`PATCH ${account}`]: status(409, "conflict", { details: { causes } }),
        };
        const refusal = await refusalOf((await accessTo(api.url)).annotate(annotations, false));
        assert.match(refusal.seen, /aws-node belongs to "another owner"\.$/);
    });

    it("does not annotate a service account that is not there, or not the same any more", async () => {
        for (const [get, patch] of [
            [gone, live()],
            [live(), gone],
            [live(), replaced],
        ] as const) {
            answers = { [`GET ${account}`]: get, [`PATCH ${account}`]: patch };
            const refusal = await refusalOf((await accessTo(api.url)).annotate(annotations, true));
            assert.equal(refusal.code, "service-account-missing");
            assert.match(refusal.seen, /^There is no service account kube-system\/aws-node\.$/);
        }
        assert.equal(sent().length, 2, "nothing was written without having seen it");
    });

    it("releases the service account by an empty apply", async () => {
        answers = { [`GET ${account}`]: live(), [`PATCH ${account}`]: live() };
        await (await accessTo(api.url)).releaseServiceAccount({});
        assert.deepEqual(sent(), [applied(account, fieldManager, "false", accountWith({}))]);
    });

    it("gives what is to stay another owner before it releases the service account", async () => {
        answers = { [`GET ${account}`]: live(), [`PATCH ${account}`]: live() };
        await (await accessTo(api.url)).releaseServiceAccount(annotations);
        assert.deepEqual(sent(), [
            applied(account, "eks-cni-hand-back", "true", accountWith({ annotations })),
            applied(account, fieldManager, "false", accountWith({})),
        ]);
    });

    it("has nothing to release of a service account that is gone or replaced", async () => {
        await (await accessTo(api.url)).releaseServiceAccount(annotations);
        assert.deepEqual(sent(), []);
        answers = { [`GET ${account}`]: live(), [`PATCH ${account}`]: replaced };
        await (await accessTo(api.url)).releaseServiceAccount(annotations);
        assert.equal(sent().length, 2);
    });

    it("does not hide a conflict while it releases", async () => {
        answers = { [`GET ${account}`]: live(), [`PATCH ${account}`]: conflict };
        await assert.rejects((await accessTo(api.url)).releaseServiceAccount({}), /Apply failed with 1 conflict/);
    });

    const template = { apiVersion: "apps/v1", kind: "DaemonSet" };
    const identified = { metadata: { name: "aws-node", namespace: "kube-system", uid: "uid" } };
    const merged = (value: string | null) => ({
        method: "PATCH",
        path: daemonSet,
        type: "application/merge-patch+json",
        query: { fieldManager: "eks-cni-wake" },
        body: { metadata: { uid: "uid", annotations: { "eks-cni/woken-at": value } } },
    });

    it("releases the template by an empty apply", async () => {
        answers = { [`GET ${daemonSet}`]: live(), [`PATCH ${daemonSet}`]: live() };
        await (await accessTo(api.url)).releaseTemplate();
        assert.deepEqual(sent(), [applied(daemonSet, fieldManager, undefined, { ...template, ...identified })]);
    });

    it("excludes containers of the template from the webhook, under a manager of its own, and releases that", async () => {
        answers = { [`GET ${daemonSet}`]: live(), [`PATCH ${daemonSet}`]: live() };
        const access = await accessTo(api.url);
        await access.skipContainers(["a", "b"]);
        await access.skipContainers([]);
        const body = { ...template, ...identified };
        const annotations = { "eks.amazonaws.com/skip-containers": "a,b" };
        assert.deepEqual(sent(), [
            applied(daemonSet, "eks-cni-skip-containers", "true", {
                ...body,
                spec: { template: { metadata: { annotations } } },
            }),
            applied(daemonSet, "eks-cni-skip-containers", "true", body),
        ]);
    });

    it("takes the mark of waking off under the manager that left it", async () => {
        answers = { [`GET ${daemonSet}`]: live(), [`PATCH ${daemonSet}`]: live() };
        await (await accessTo(api.url)).removeWakeMark();
        assert.deepEqual(sent(), [merged(null)]);
    });

    it("wakes the DaemonSet by an annotation under a manager of its own", async () => {
        answers = { [`GET ${daemonSet}`]: live(), [`PATCH ${daemonSet}`]: live() };
        const before = new Date().toISOString();
        await (await accessTo(api.url)).wakeDaemonSet();
        const [patch] = sent();
        const body = patch?.body as ReturnType<typeof merged>["body"];
        const at = body.metadata.annotations["eks-cni/woken-at"] ?? "";
        assert.deepEqual(sent(), [merged(at)]);
        assert.ok(at >= before && at <= new Date().toISOString());
    });

    it("neither wakes nor releases a DaemonSet that is gone or replaced", async () => {
        const access = await accessTo(api.url);
        await access.wakeDaemonSet();
        await access.removeWakeMark();
        await access.releaseTemplate();
        assert.deepEqual(sent(), []);
        answers = { [`GET ${daemonSet}`]: live(), [`PATCH ${daemonSet}`]: replaced };
        await access.wakeDaemonSet();
        await access.removeWakeMark();
        await access.releaseTemplate();
        assert.equal(sent().length, 3);
    });

    const deleted = (grace: object, version: object = {}) => ({
        method: "DELETE",
        path: pod,
        query: {},
        type: "application/json",
        body: { preconditions: { uid: "1", ...version }, ...grace },
    });

    it("restarts a pod by deleting the one of that UID", async () => {
        answers = { [`DELETE ${pod}`]: live() };
        await (await accessTo(api.url)).restart({ name: "aws-node-1", uid: "1" });
        assert.deepEqual(sent(), [deleted({})]);
    });

    it("restarts a pod of a resource version only if it has not changed since", async () => {
        answers = { [`DELETE ${pod}`]: replaced };
        await (await accessTo(api.url)).restart({ name: "aws-node-1", uid: "1", resourceVersion: "7" });
        assert.deepEqual(sent(), [deleted({}, { resourceVersion: "7" })]);
    });

    it("does not wait for the kubelet when a restart is forced", async () => {
        answers = { [`DELETE ${pod}`]: live() };
        await (await accessTo(api.url)).forceRestart({ name: "aws-node-1", uid: "1" });
        assert.deepEqual(sent(), [deleted({ gracePeriodSeconds: 0 })]);
    });

    it("is content with a pod that is gone or replaced, and with nothing else", async () => {
        const access = await accessTo(api.url);
        for (const answer of [gone, replaced]) {
            answers = { [`DELETE ${pod}`]: answer };
            await access.restart({ name: "aws-node-1", uid: "1" });
        }
        for (const answer of [status(410, "expired"), status(422, "invalid")]) {
            answers = { [`DELETE ${pod}`]: answer };
            await assert.rejects(access.restart({ name: "aws-node-1", uid: "1" }), /expired|invalid/);
        }
    });

    it("asks for a token of ten minutes for STS", async () => {
        answers = { [`POST ${account}/token`]: { status: 201, body: { status: { token: "the-new-token" } } } };
        assert.equal(await (await accessTo(api.url)).requestToken(), "the-new-token");
        assert.deepEqual(
            sent().map(({ body }) => body),
            [{ spec: { audiences: ["sts.amazonaws.com"], expirationSeconds: 600 } }],
        );
    });

    it("says that the service account is missing when there is no token", async () => {
        for (const answer of [gone, { status: 201, body: {} }]) {
            answers = { [`POST ${account}/token`]: answer };
            assert.equal((await refusalOf((await accessTo(api.url)).requestToken())).code, "service-account-missing");
        }
    });

    const policy = `${guard}ies/eks-cni-guard`;
    const binding = `${guard}ybindings/eks-cni-guard`;
    const { serviceAccount } = subject;
    const own = { managedFields: [{ manager: fieldManager, operation: "Apply" }] };
    const theirs = { managedFields: [{ manager: "kubectl-create", operation: "Update" }] };
    const guardOf = (kind: string, metadata: object, spec: object) => ({
        apiVersion: "admissionregistration.k8s.io/v1",
        kind: `ValidatingAdmissionPolicy${kind}`,
        metadata: { name: "eks-cni-guard", ...metadata },
        spec,
    });
    const policyWith = (metadata: object) =>
        guardOf("", metadata, injectionGuardSpec({ serviceAccount, roleArns: ["a", "b"] }));
    const bindingWith = (metadata: object) => guardOf("Binding", metadata, bindingSpec("eks-cni-guard"));
    const uid = { uid: "uid" };

    it("changes the roles that the injection guard admits, by an apply to the same object", async () => {
        answers = { [`GET ${policy}`]: live(own), [`PATCH ${policy}`]: live() };
        await (await accessTo(api.url)).admitRoles(["a", "b"]);
        assert.deepEqual(sent(), [applied(policy, fieldManager, "true", policyWith(uid))]);
    });

    it("changes no injection guard where there is none, or another party's, or another one by now", async () => {
        const access = await accessTo(api.url);
        await access.admitRoles(["a", "b"]);
        answers = { [`GET ${policy}`]: live(theirs) };
        await access.admitRoles(["a", "b"]);
        assert.deepEqual(sent(), []);
        answers = { [`GET ${policy}`]: live(own), [`PATCH ${policy}`]: replaced };
        await access.admitRoles(["a", "b"]);
        assert.deepEqual(sent(), [applied(policy, fieldManager, "true", policyWith(uid))]);
    });

    it("creates the policy before its binding, without force, so that it takes none from another party", async () => {
        answers = { [`PATCH ${policy}`]: live(), [`PATCH ${binding}`]: live() };
        await (await accessTo(api.url)).createInjectionGuard(["a", "b"]);
        assert.deepEqual(sent(), [
            applied(policy, fieldManager, "false", policyWith({})),
            applied(binding, fieldManager, "false", bindingWith({})),
        ]);
    });

    it("takes back what another party has changed of the component's own policy, and adds the binding", async () => {
        answers = { [`GET ${policy}`]: live(own), [`PATCH ${policy}`]: live(), [`PATCH ${binding}`]: live() };
        await (await accessTo(api.url)).createInjectionGuard(["a", "b"]);
        assert.deepEqual(sent(), [
            applied(policy, fieldManager, "true", policyWith(uid)),
            applied(binding, fieldManager, "false", bindingWith({})),
        ]);
    });

    it("goes on where the policy was replaced meanwhile: the next look decides again", async () => {
        answers = { [`GET ${policy}`]: live(own), [`PATCH ${policy}`]: replaced, [`PATCH ${binding}`]: live() };
        await (await accessTo(api.url)).createInjectionGuard(["a", "b"]);
        assert.equal(sent().length, 2);
    });

    for (const [what, of] of [
        ["policy", policy],
        ["binding", binding],
    ] as const) {
        it(`refuses a ${what} of that name that it has not applied, and writes nothing`, async () => {
            answers = { [`GET ${of}`]: live(theirs) };
            const refused = await refusalOf((await accessTo(api.url)).createInjectionGuard(["a"]));
            assert.equal(refused.code, "injection-guard-of-another");
            assert.match(
                refused.seen,
                / eks-cni-guard, which this component has not applied\. Its field managers: kubectl-create\.$/,
            );
            assert.deepEqual(sent(), []);
        });

        it(`refuses a ${what} that another party creates in that moment`, async () => {
            answers = { [`PATCH ${policy}`]: live(), [`PATCH ${binding}`]: live(), [`PATCH ${of}`]: conflict };
            const refused = await refusalOf((await accessTo(api.url)).createInjectionGuard(["a"]));
            assert.deepEqual(
                [refused.code, /kubectl-annotate/.test(refused.seen)],
                ["injection-guard-of-another", true],
            );
        });
    }

    const podsPath = "/api/v1/namespaces/kube-system/pods";
    const mountPath = "/var/run/secrets/eks.amazonaws.com/serviceaccount";

    it("tests whether a pod with a role is admitted, by a dry run of one that the webhook leaves alone", async () => {
        answers = { [`POST ${podsPath}`]: { status: 201, body: {} } };
        assert.deepEqual(await (await accessTo(api.url)).testAdmission("a"), { verdict: "admitted" });
        const [request] = sent();
        assert.deepEqual(request?.query, { dryRun: "All" });
        assert.deepEqual(request.body, {
            metadata: {
                generateName: "eks-cni-dry-run-",
                labels: { "eks.amazonaws.com/skip-pod-identity-webhook": "true" },
            },
            spec: {
                serviceAccountName: "aws-node",
                containers: [
                    {
                        name: "dry-run",
                        image: "public.ecr.aws/eks-distro/kubernetes/pause:3.10",
                        env: [
                            { name: "AWS_ROLE_ARN", value: "a" },
                            { name: "AWS_WEB_IDENTITY_TOKEN_FILE", value: `${mountPath}/token` },
                        ],
                        volumeMounts: [{ name: "aws-iam-token", mountPath, readOnly: true }],
                    },
                ],
                volumes: [
                    {
                        name: "aws-iam-token",
                        projected: {
                            sources: [{ serviceAccountToken: { audience: "sts.amazonaws.com", path: "token" } }],
                        },
                    },
                ],
            },
        });
    });

    it("tests whether a pod without a role is admitted, by a dry run of one that the webhook leaves alone, too", async () => {
        answers = { [`POST ${podsPath}`]: { status: 201, body: {} } };
        assert.deepEqual(await (await accessTo(api.url)).testAdmission(undefined), { verdict: "admitted" });
        const [request] = sent();
        assert.deepEqual(request?.query, { dryRun: "All" });
        assert.deepEqual(request.body, {
            metadata: {
                generateName: "eks-cni-dry-run-",
                labels: { "eks.amazonaws.com/skip-pod-identity-webhook": "true" },
            },
            spec: {
                serviceAccountName: "aws-node",
                containers: [{ name: "dry-run", image: "public.ecr.aws/eks-distro/kubernetes/pause:3.10" }],
            },
        });
    });

    it("opens a connection for each dry run, which may reach another API server than the one before", async () => {
        answers = { [`POST ${podsPath}`]: { status: 201, body: {} } };
        const access = await accessTo(api.url);
        const before = api.opened;
        for (const opened of [1, 2, 3]) {
            await access.testAdmission("a");
            assert.equal(api.opened - before, opened);
        }
    });

    it("tells a refusal of the injection guard from every other one", async () => {
        const access = await accessTo(api.url);
        const by = (name: string) => `ValidatingAdmissionPolicy '${name}' with binding '${name}' denied request: no`;
        answers = { [`POST ${podsPath}`]: status(422, by("eks-cni-guard")) };
        assert.deepEqual(await access.testAdmission("a"), { verdict: "refused" });
        answers = { [`POST ${podsPath}`]: status(422, by("another")) };
        assert.deepEqual(await access.testAdmission("a"), {
            verdict: "unknown",
            why: `The API server answered 422 to \`create pods\` in kube-system: ${by("another")}.`,
        });
        const guarded = by("eks-cni-theirs").replace(
            /no$/,
            "eks-cni: refused a pod of the service account kube-system/aws-node.",
        );
        answers = { [`POST ${podsPath}`]: status(422, guarded) };
        assert.deepEqual(await access.testAdmission("a"), {
            verdict: "unknown",
            why: `The API server answered 422 to \`create pods\` in kube-system: ${guarded}`,
            anotherGuard: "eks-cni-theirs",
        });
        answers = { [`POST ${podsPath}`]: status(403, "User me cannot create pods") };
        const unknown = await access.testAdmission("a");
        assert.match(unknown.verdict === "unknown" ? unknown.why : "", /forbids `create pods` in kube-system/);
        answers = { [`POST ${podsPath}`]: status(404, "no namespace") };
        await assert.rejects(access.testAdmission("a"), /no namespace/);
    });

    const deletes = () => sent().map(({ method, path, body }) => [method, path, body]);
    const thisOne = { preconditions: { uid: "uid" } };

    it("removes the injection guard's binding before its policy, each also without the other", async () => {
        const access = await accessTo(api.url);
        await access.removeInjectionGuard();
        assert.deepEqual(sent(), []);
        const order = [binding, policy];
        answers = Object.fromEntries(order.map((path) => [`GET ${path}`, live(own)]));
        await access.removeInjectionGuard();
        assert.deepEqual(
            deletes(),
            order.map((path) => ["DELETE", path, thisOne]),
        );
        for (const path of order) {
            api.requests.splice(0);
            answers = { [`GET ${path}`]: live(own), [`DELETE ${path}`]: replaced };
            await access.removeInjectionGuard();
            assert.deepEqual(deletes(), [["DELETE", path, thisOne]]);
        }
    });

    it("keeps the policy while its binding stays", async () => {
        answers = {
            [`GET ${binding}`]: live(own),
            [`GET ${policy}`]: live(own),
            [`DELETE ${binding}`]: status(422, "no"),
        };
        await refusalOf((await accessTo(api.url)).removeInjectionGuard());
        assert.equal(sent().length, 1);
    });

    it("removes no policy and no binding of another party", async () => {
        answers = { [`GET ${binding}`]: live(theirs), [`GET ${policy}`]: live(theirs) };
        await (await accessTo(api.url)).removeInjectionGuard();
        assert.deepEqual(sent(), []);
    });
});
