import { deepStrictEqual, match, ok, strictEqual } from "assert";
import { type Child, child, children } from "../../support/children";
import { CHECKS, COMMON, inputs, live, names, option, ORDER, ROLE_ARN } from "../../support/live";
import { assertAccepted } from "../../support/refusals";
import { UNKNOWN } from "../../support/wire";

describe("the live shape", () => {
    it("has a credential guard, a canary and a detachment around the plain shape", async () => {
        const run = await live();
        assertAccepted(run);
        deepStrictEqual(
            children(run).map(({ name, type }) => `${name} ${type}`),
            [
                "cni-canary pulumi-nodejs:dynamic/eks-cni:Canary",
                "cni-cni-policy aws:iam/rolePolicyAttachment:RolePolicyAttachment",
                "cni-credential-guard pulumi-nodejs:dynamic/eks-cni:CredentialGuard",
                "cni-daemon-set kubernetes:apps/v1:DaemonSetPatch",
                ...ORDER.map((name) => `${name} pulumi-nodejs:dynamic/eks-cni:DeletionOrder`),
                "cni-detachment pulumi-nodejs:dynamic/eks-cni:Detachment",
                "cni-role aws:iam/role:Role",
                "cni-service-account kubernetes:core/v1:ServiceAccountPatch",
            ],
        );
    });

    it("is the default, and null counts as the default", async () => {
        const plain = names(await live());
        deepStrictEqual(names(await live({ liveChecks: true })), plain);
        deepStrictEqual(names(await live({ liveChecks: null })), plain);
    });

    it("has the same children with an injection guard, which the detachment creates", async () => {
        const plain = names(await live());
        for (const injectionGuard of [undefined, null, true, false]) {
            const run = await live({ detachFromNodeRoles: ["nodes"], injectionGuard });
            deepStrictEqual(names(run), plain);
            strictEqual(inputs(run, "cni-detachment")["injectionGuard"], injectionGuard !== false);
        }
    });

    for (const [title, args] of [
        [
            "another owner delivers the role, and the program turns them off",
            { delivery: "external", liveChecks: false },
        ],
        ["no pod restarts", { rollout: { enabled: false } }],
    ] as const) {
        it(`has no check where ${title}`, async () => {
            const run = await live(args);
            assertAccepted(run);
            deepStrictEqual(
                names(run).filter((name) => [...ORDER, ...CHECKS].includes(name)),
                [],
            );
            ok(!Object.values(option(run, "retainondelete")).includes(true));
        });
    }

    it("has no patch of the service account where another writer delivers the role", async () => {
        const run = await live({ delivery: "external" });
        const all = names(await live());
        deepStrictEqual(
            names(run),
            all.filter((name) => name !== "cni-service-account"),
        );
        strictEqual(inputs(run, "cni-canary")["serviceAccountUid"], "");
        const { delivery } = inputs(run, "cni-canary")["subject"] as { delivery?: string };
        strictEqual(delivery, "external");
    });

    it("gives the managed add-on the role after the canary, and before the policies are detached", async () => {
        const run = await live({ delivery: "eksAddon", detachFromNodeRoles: ["nodes"], clusterName: "production" });
        const all = names(await live({ detachFromNodeRoles: ["nodes"], clusterName: "production" }));
        deepStrictEqual(names(run), ["cni-add-on-role", ...all.filter((name) => name !== "cni-service-account")]);
        deepStrictEqual(
            ["cni-canary", "cni-daemon-set"].filter((name) => !child(run, "cni-add-on-role")?.dependsOn.includes(name)),
            [],
        );
        ok(child(run, "cni-detachment")?.dependsOn.includes("cni-add-on-role"));
    });

    it("verifies the pods again after each rollout, and after each update of the add-on", async () => {
        const components = {
            "pulumi-nodejs:dynamic/eks-cni:Canary": { rollouts: 3, shown: "it works" },
            "pulumi-nodejs:dynamic/eks-cni:AddOnRole": { updates: 2, told: "it has it" },
        };
        const run = await live({ delivery: "eksAddon" }, { components });
        strictEqual(inputs(run, "cni-detachment")["rollouts"], 5);
        strictEqual(inputs(run, "cni-add-on-role")["rollouts"], 3);
        strictEqual(inputs(await live({}, { components }), "cni-detachment")["rollouts"], 3);
    });

    it("takes each step after the one before it", async () => {
        const run = await live({ detachFromNodeRoles: ["nodes"] });
        const order = [
            "cni-role",
            "cni-cni-policy",
            "cni-credential-guard",
            "cni-service-account",
            "cni-canary",
            "cni-daemon-set",
            "cni-detachment",
        ];
        const dependsOn = new Map(children(run).map((one) => [one.name, one.dependsOn]));
        for (const [i, name] of order.entries()) {
            const before = order.slice(0, i);
            const chain = name === "cni-credential-guard" ? ORDER : [];
            deepStrictEqual(dependsOn.get(name), [...before, ...chain].sort(), name);
        }
        const [first = "", second = ""] = ORDER;
        deepStrictEqual([dependsOn.get(first), dependsOn.get(second)], [["cni-cni-policy"], [first]]);
    });

    it("puts the credential guard in a deeper layer than each child that it does not depend on", async () => {
        const existingRoleArn = "arn:aws:iam::111122223333:role/eks/existing";
        const existing = { existingRoleArn, oidcProviderArn: undefined };
        const deepest = (all: Child[]) => Math.max(...all.map(({ name }) => layerOf(all, name)));
        for (const ipFamily of ["ipv4", "ipv6"]) {
            const plain = children(await live({ ipFamily, liveChecks: false }));
            const withPolicy = ipFamily === "ipv6" ? 1 : 0;
            strictEqual(deepest(plain), 4 + withPolicy);
            strictEqual(layerOf(children(await live({ ipFamily })), "cni-credential-guard"), 5 + withPolicy);
            // Its own role has left the program, or comes back in an update that also turns the live checks off.
            strictEqual(layerOf(children(await live({ ipFamily, ...existing })), "cni-credential-guard"), 6);
        }
        deepStrictEqual(
            names(await live(existing)).filter((name) => name.includes("deletion-order")),
            [1, 2, 3, 4, 5].map((layer) => `cni-deletion-order-${String(layer)}`),
        );
    });

    it("is ready after the last of them", async () => {
        const run = await live({ detachFromNodeRoles: ["nodes"] });
        strictEqual(run.outputs["cni"]?.value["ready"], ROLE_ARN);
        const preview = await live({ detachFromNodeRoles: ["nodes"] }, { preview: true });
        strictEqual(preview.outputs["cni"]?.value["ready"], UNKNOWN);
    });

    it("keeps on destroy what the credential guard takes off in a safe order", async () => {
        const run = await live({ detachFromNodeRoles: ["nodes"] });
        const kept = Object.entries(option(run, "retainondelete")).filter(([, retain]) => retain === true);
        deepStrictEqual(kept.map(([name]) => name).sort(), ["cni-daemon-set", "cni-service-account"]);
    });

    it("leaves the rollout annotation of the pod template as it is, since a template that changes restarts every pod", async () => {
        const template = 'spec.template.metadata.annotations["eks-cni/delivered"]';
        const { "cni-daemon-set": ignored } = option(await live(), "ignorechangesList");
        ok((ignored as string[]).includes(template), JSON.stringify(ignored));
        const { "cni-daemon-set": plain } = option(await live({ liveChecks: false }), "ignorechangesList");
        strictEqual((plain as string[]).includes(template), false);
    });

    it("leads the engine to this package's code, and keeps none of it in the state", async () => {
        const run = await live();
        for (const [name, handler] of [
            ["cni-credential-guard", "credentialGuard"],
            ["cni-canary", "canary"],
            ["cni-detachment", "detachment"],
        ] as const) {
            const text = String(child(run, name)?.inputs["__provider"]);
            ok(text.includes('require("eks-cni/handover")'), text);
            ok(text.includes(`dynamicProvider("${handler}")`), text);
            ok(text.includes("npm install eks-cni"), text);
            ok(text.length < 600, text);
        }
    });

    it("replaces the role if another service account would be trusted, unless roleName is set", async () => {
        const replacementTrigger = async (args: object) => {
            const trigger = option(await live(args), "replacementTrigger")["cni-role"];
            return (trigger as { stringValue?: string } | undefined)?.stringValue;
        };
        const otherServiceAccount = { serviceAccount: { namespace: "cni", name: "agent" } };
        const byDefault = await replacementTrigger({});
        match(byDefault ?? "", /^arn:aws:iam::\d{12}:oidc-provider\/\S+ kube-system aws-node$/);
        strictEqual(
            await replacementTrigger(otherServiceAccount),
            byDefault?.replace("kube-system aws-node", "cni agent"),
        );
        strictEqual(await replacementTrigger({ roleName: "cni" }), undefined);
        strictEqual(await replacementTrigger({ liveChecks: false }), undefined);
        const permissionsBoundary = "arn:aws:iam::111122223333:policy/boundary";
        strictEqual(await replacementTrigger({ permissionsBoundary }), `${byDefault ?? ""} ${permissionsBoundary}`);
        strictEqual(await replacementTrigger({ ipFamily: "ipv6" }), `${byDefault ?? ""} ipv6/1`);
    });

    it("replaces its own policy with a new generation, and with a new roleName", async () => {
        const replacementTrigger = async (args: object) => {
            const run = await live({ ipFamily: "ipv6", ...args });
            const trigger = option(run, "replacementTrigger")["cni-ipv6-policy"];
            return (trigger as { stringValue?: string } | undefined)?.stringValue;
        };
        strictEqual(await replacementTrigger({}), "ipv6/1");
        strictEqual(await replacementTrigger({ roleName: "cni" }), "ipv6/1 cni");
        strictEqual(await replacementTrigger({ liveChecks: false }), undefined);
    });

    it("leaves IAM's resources out with an existing role", async () => {
        const existingRoleArn = "arn:aws:iam::111122223333:role/eks/existing";
        const run = await live({ existingRoleArn, oidcProviderArn: undefined });
        assertAccepted(run);
        deepStrictEqual(names(run), [
            "cni-canary",
            "cni-credential-guard",
            "cni-daemon-set",
            ...[1, 2, 3, 4, 5].map((layer) => `cni-deletion-order-${String(layer)}`),
            "cni-detachment",
            "cni-service-account",
        ]);
        const { subject, policyArns, roleUniqueId } = inputs(run, "cni-credential-guard");
        deepStrictEqual(
            { subject, policyArns, roleUniqueId },
            {
                subject: {
                    ...COMMON.subject,
                    roleArn: existingRoleArn,
                    issuers: [],
                    annotations: { "eks.amazonaws.com/role-arn": existingRoleArn },
                },
                policyArns: [],
                roleUniqueId: "",
            },
        );
    });
});

/** The engine deletes the deepest layer first. */
function layerOf(all: readonly Child[], name: string): number {
    const { dependsOn } = all.find((one) => one.name === name) ?? { dependsOn: [] };
    return 1 + Math.max(0, ...dependsOn.map((other) => layerOf(all, other)));
}
