import * as aws from "@pulumi/aws";
import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { deepStrictEqual, ok, strictEqual } from "assert";
import { PATCH_IGNORE_CHANGES } from "../../../components/delivery/fieldManager";
import { CniServiceAccountRole, IpFamily } from "../../../index";
import { assertAccepted } from "../support/refusals";
import { UnrelatedResource, PROVIDER_ARN } from "../support/standIn";
import { construct, Registered, Run, run } from "../support/underMocks";

const ARGS = { oidcProviderArn: PROVIDER_ARN, liveChecks: false };
const PATCHES = ["cni-daemon-set", "cni-service-account"];

function named({ resources }: Run<unknown>, name: string): Registered | undefined {
    return resources.find((resource) => resource.name === name);
}

/** One option of each child, as registered with the engine. */
function option({ resources }: Run<unknown>, key: string): Record<string, unknown> {
    return Object.fromEntries(
        resources.filter(({ parent }) => parent === "cni").map(({ name, request }) => [name, request[key]]),
    );
}

describe("the component's options", () => {
    it("send IAM to the given AWS provider and the patches to the given Kubernetes provider", async () => {
        const done = await run(() => {
            const providers = [
                new aws.Provider("my-aws", { region: "us-west-2" }),
                new kubernetes.Provider("my-kubernetes", { kubeconfig: "{}" }),
            ];
            return new CniServiceAccountRole("cni", { clusterName: "c", liveChecks: false }, { providers });
        });
        assertAccepted(done);
        const providers = option(done, "provider");
        for (const [name, provider] of Object.entries(providers)) {
            ok(String(provider).includes(PATCHES.includes(name) ? "::my-kubernetes::" : "::my-aws::"), name);
        }
        strictEqual(Object.keys(providers).length, 4);
        deepStrictEqual(
            done.lookups.map(({ provider }) => provider?.includes("::my-aws::")),
            [true, true],
        );
    });

    it("protect the children with the component", async () => {
        const done = await construct(ARGS, {}, { protect: true });
        deepStrictEqual(new Set(Object.values(option(done, "protect"))), new Set([true]));
    });

    it("are handed to the engine where it passes them on to the children: retainOnDelete", async () => {
        const done = await construct(ARGS, {}, { retainOnDelete: true });
        strictEqual(named(done, "cni")?.request["retainondelete"], true);
    });

    it("make the component wait for what it depends on, and its children for the component", async () => {
        const done = await run(() => {
            const before = new UnrelatedResource("before");
            return new CniServiceAccountRole("cni", ARGS, { dependsOn: [before] });
        });
        assertAccepted(done);
        deepStrictEqual(named(done, "cni")?.dependsOn, ["before"]);
        deepStrictEqual(
            done.resources.slice(0, 2).map(({ name }) => name),
            ["before", "cni"],
        );
    });

    it("put it under its parent", async () => {
        const done = await run(() => {
            const parent = new pulumi.ComponentResource("test:index:Parent", "parent", {});
            return new CniServiceAccountRole("cni", ARGS, { parent });
        });
        assertAccepted(done);
        strictEqual(named(done, "cni")?.parent, "parent");
    });

    it("hand its alias to the engine", async () => {
        const done = await construct(ARGS, {}, { aliases: [{ name: "old" }] });
        assertAccepted(done);
        ok(JSON.stringify(named(done, "cni")?.request["aliasesList"]).includes('"old"'));
    });

    it("reach the children by transformations", async () => {
        const transformation: pulumi.ResourceTransformation = ({ type, props, opts }) =>
            type === "aws:iam/role:Role" ? { props, opts: { ...opts, ignoreChanges: ["tags"] } } : undefined;
        const done = await construct(ARGS, {}, { transformations: [transformation] });
        assertAccepted(done);
        deepStrictEqual(option(done, "ignorechangesList"), {
            "cni-cni-policy": [],
            "cni-daemon-set": PATCH_IGNORE_CHANGES,
            "cni-role": ["tags"],
            "cni-service-account": PATCH_IGNORE_CHANGES,
        });
    });
});

describe("the children's own options", () => {
    it("never delete anything of IAM before its replacement is there", async () => {
        const done = await construct({
            ...ARGS,
            ipFamily: "ipv6",
            additionalPolicyArns: ["arn:aws:iam::aws:policy/A"],
        });
        const children = option(done, "deletebeforereplacedefined");
        const explicit = Object.keys(children).filter((name) => children[name] === true);
        deepStrictEqual(explicit.sort(), [
            "cni-additional-policy-aws/A",
            "cni-cni-policy",
            "cni-ipv6-policy",
            "cni-role",
        ]);
        deepStrictEqual(new Set(Object.values(option(done, "deletebeforereplace"))), new Set([false]));
    });

    for (const [timeoutSeconds, timeout] of [
        [undefined, "600s"],
        [null, "600s"],
        [1, "1s"],
        [1200, "1200s"],
    ] as const) {
        it(`wait ${timeout} for the pods with rollout.timeoutSeconds ${String(timeoutSeconds)}`, async () => {
            const done = await construct({ ...ARGS, rollout: { timeoutSeconds } });
            const { customtimeouts } = named(done, "cni-daemon-set")?.request ?? {};
            deepStrictEqual(customtimeouts, { create: timeout, update: timeout, pb_delete: "", read: "" });
        });
    }

    it("ask for no time limit elsewhere", async () => {
        const done = await construct(ARGS);
        for (const [name, timeouts] of Object.entries(option(done, "customtimeouts"))) {
            if (name === "cni-daemon-set") {
                continue;
            }
            deepStrictEqual(timeouts, { create: "", update: "", pb_delete: "", read: "" });
        }
    });
});

describe("two components in one program", () => {
    it("share neither a child's name nor a field manager", async () => {
        const both = await run(
            () =>
                [
                    new CniServiceAccountRole("blue", ARGS),
                    new CniServiceAccountRole("green", {
                        ...ARGS,
                        ipFamily: IpFamily.Ipv6,
                        additionalPolicyArns: ["arn:aws:iam::aws:policy/A"],
                    }),
                ] as const,
        );
        deepStrictEqual(both.rejections, []);
        const names = both.resources.map(({ type, name }) => `${type} ${name}`);
        strictEqual(new Set(names).size, names.length);
        strictEqual(names.length, 5 + 7);
        const managers = both.resources
            .filter(({ type }) => type === "kubernetes:core/v1:ServiceAccountPatch")
            .map(({ inputs }) => (inputs["metadata"] as { annotations: object }).annotations)
            .map(
                (annotations) =>
                    Object.entries(annotations).find(([key]) => key.endsWith("FieldManager"))?.[1] as string,
            );
        deepStrictEqual(managers.sort(), ["eks-cni/project/stack/blue", "eks-cni/project/stack/green"]);
    });

    it("share a role: the second program step is given the first one's", async () => {
        const both = await run(() => {
            const first = new CniServiceAccountRole("first", ARGS);
            return new CniServiceAccountRole("cni", { existingRoleArn: first.ready, liveChecks: false });
        });
        assertAccepted(both);
        strictEqual(both.outputs["cni"]?.value["roleArn"], both.outputs["first"]?.value["roleArn"]);
        const annotation = both.resources.find(({ name }) => name === "cni-service-account");
        deepStrictEqual(
            annotation?.dependsOn.filter((name) => name.startsWith("first")),
            ["first-cni-policy", "first-daemon-set", "first-role", "first-service-account"],
        );
    });

    it("fail alone: what is wrong with one creates nothing of it, and the other's children are there", async () => {
        const both = await run(() => {
            new CniServiceAccountRole("bad", { ...ARGS, roleName: pulumi.output("/") });
            return new CniServiceAccountRole("cni", ARGS);
        });
        strictEqual(both.rejections.length, 1);
        deepStrictEqual(
            both.resources.filter(({ parent }) => parent === "bad").map(({ name }) => name),
            [],
        );
        strictEqual(both.resources.filter(({ parent }) => parent === "cni").length, 4);
    });
});

describe("the component", () => {
    it("has the ten outputs and no other field", async () => {
        const { result } = await construct(ARGS);
        const own = Object.keys(result ?? {}).filter((key) => !key.startsWith("__") && key !== "urn");
        deepStrictEqual(own.sort(), [
            "detachedFrom",
            "emergencyCommand",
            "policyArns",
            "provedRoleArn",
            "ready",
            "remainingSteps",
            "roleArn",
            "roleName",
            "serviceAccountAnnotations",
            "verifiedPods",
        ]);
    });

    it("is ready only after the rollout: what depends on it waits for every child", async () => {
        const done = await run(() => {
            const { ready } = new CniServiceAccountRole("cni", ARGS);
            return new UnrelatedResource("after", { ready });
        });
        deepStrictEqual(named(done, "after")?.dependsOn, [
            "cni-cni-policy",
            "cni-daemon-set",
            "cni-role",
            "cni-service-account",
        ]);
    });

    it("knows the role's ARN before anything uses the role", async () => {
        const done = await run(() => {
            const { roleArn } = new CniServiceAccountRole("cni", ARGS);
            return new UnrelatedResource("after", { roleArn });
        });
        deepStrictEqual(named(done, "after")?.dependsOn, ["cni-role"]);
    });
});
