import assert from "node:assert/strict";

import { injectionPatch } from "../../../identityWebhook/injection";
import type { Container } from "../../../identityWebhook/pod";
import { upstreamPods } from "../../identityWebhookPods";
import { outcomeOf } from "../../patchOutcome";

const withoutCredentials = (containers: readonly Container[] = []) =>
    containers.map((container) => ({ ...container, env: undefined, volumeMounts: undefined }));

describe("the test pods of AWS's identity webhook", () => {
    for (const { file, flags, annotations, hasPodIdentity, pod, outcome } of upstreamPods) {
        it(`gives ${file} what upstream expects`, () => {
            const serviceAccount = { metadata: { name: "default", annotations } };
            // The source of random numbers of upstream's tests is always 0.
            const knowledge = { serviceAccount, hasPodIdentity, random: () => 0 };
            const patch = injectionPatch(pod, knowledge, flags) ?? [];
            assert.deepEqual(outcomeOf(patch), { volume: undefined, ...outcome });
            const valueAt = (path: string) => patch.find((operation) => operation.path === path)?.value as Container[];
            assert.deepEqual(withoutCredentials(valueAt("/spec/containers")), withoutCredentials(pod.spec?.containers));
            assert.deepEqual(
                withoutCredentials(valueAt("/spec/initContainers")),
                withoutCredentials(pod.spec?.initContainers),
            );
        });
    }

    it("are all there", () => assert.equal(new Set(upstreamPods.map(({ file }) => file)).size, 24));
});
