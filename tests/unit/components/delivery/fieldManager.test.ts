import * as pulumi from "@pulumi/pulumi";
import { deepStrictEqual, match, notStrictEqual, strictEqual } from "assert";
import { fieldManager, patchControl } from "../../../../components/delivery/fieldManager";
import { PROVIDER_ARN } from "../../support/standIn";
import { construct } from "../../support/underMocks";

/** `eks-cni/p/s/` has 12 characters. */
function ofLength(length: number): string {
    return "n".repeat(length - 12);
}

describe("the field manager", () => {
    it("names project, stack and component", () => {
        strictEqual(fieldManager("cni", "network", "production"), "eks-cni/network/production/cni");
    });

    it("is used whole up to Kubernetes' 128 characters", () => {
        strictEqual(fieldManager(ofLength(128), "p", "s"), `eks-cni/p/s/${ofLength(128)}`);
    });

    it("is cut beyond 128 characters, and made unique by a digest", () => {
        const manager = fieldManager(ofLength(129), "p", "s");
        strictEqual(manager.length, 128);
        match(manager, /^eks-cni\/p\/s\/n{99}-[0-9a-f]{16}$/);
    });

    it("is the same in each run", () => {
        strictEqual(fieldManager(ofLength(200), "p", "s"), fieldManager(ofLength(200), "p", "s"));
        strictEqual(fieldManager(ofLength(129), "p", "s"), `eks-cni/p/s/${"n".repeat(99)}-935460cca8ebb4c0`);
    });

    it("is another for names that differ only where they are cut", () => {
        notStrictEqual(fieldManager(`${ofLength(200)}a`, "p", "s"), fieldManager(`${ofLength(200)}b`, "p", "s"));
    });

    it("is that of the running project and stack", async () => {
        const run = await construct({ oidcProviderArn: PROVIDER_ARN }, { project: "network", stack: "production" });
        const daemonSet = run.resources.find(({ name }) => name === "cni-daemon-set");
        deepStrictEqual((daemonSet?.inputs["metadata"] as { annotations: unknown }).annotations, {
            "pulumi.com/patchFieldManager": "eks-cni/network/production/cni",
        });
    });

    it("stays that of the first update when the component or the stack is renamed", async () => {
        const run = await construct({ oidcProviderArn: PROVIDER_ARN });
        const patches = run.resources.filter(({ type }) => type.endsWith("Patch"));
        deepStrictEqual(
            patches.map(({ request }) => request["ignorechangesList"]),
            Array.from({ length: 2 }, () => ['metadata.annotations["pulumi.com/patchFieldManager"]']),
        );
    });

    it("takes fields from others only by force", async () => {
        await construct({ oidcProviderArn: PROVIDER_ARN });
        const manager = { "pulumi.com/patchFieldManager": "eks-cni/project/stack/cni" };
        deepStrictEqual(patchControl("cni", false), manager);
        deepStrictEqual(patchControl("cni"), manager);
        deepStrictEqual(patchControl("cni", true), { ...manager, "pulumi.com/patchForce": "true" });
        for (const [force, value] of [
            [true, "true"],
            [false, undefined],
        ] as const) {
            const late = patchControl("cni", pulumi.output(force))["pulumi.com/patchForce"];
            const resolved = await new Promise((resolve) => pulumi.output(late).apply(resolve));
            strictEqual(resolved, value);
        }
    });

    for (const overrideExistingServiceAccount of [undefined, false, true]) {
        it(`never forces the rollout, with overrideExistingServiceAccount ${String(overrideExistingServiceAccount)}`, async () => {
            const run = await construct({ oidcProviderArn: PROVIDER_ARN, overrideExistingServiceAccount });
            const forced = run.resources.filter(({ inputs }) => JSON.stringify(inputs).includes("patchForce"));
            deepStrictEqual(
                forced.map(({ name }) => name),
                overrideExistingServiceAccount === true ? ["cni-service-account"] : [],
            );
        });
    }
});
