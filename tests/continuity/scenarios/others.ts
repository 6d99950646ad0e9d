/** Other interruptions. */
import { atEach, atFirstWave } from "./atEach";
import { noGaps, type Scenario } from "./scenario";

const apiServerRestarted: Scenario = {
    name: "api-server-restarted",
    title: "the API server is restarted in the middle of up and of destroy",
    quick: false,
    bound: { ...noGaps, rollouts: 2, restarts: 2, outageNodeSeconds: 30 },
    play: async (stage) => {
        const up = atFirstWave(stage, () => stage.faults.restartApiServer());
        // The engine's Kubernetes provider may fail. Another run continues from there.
        const { outcome } = await stage.run("up", stage.arguments(), up);
        await up.done();
        if (outcome !== "succeeded") {
            await stage.succeeds("up", stage.arguments());
        }
        await stage.assertHandedOver();
        const down = atEach([/^PATCH serviceaccounts\/aws-node$/], () => stage.faults.restartApiServer());
        const destroyed = await stage.run("destroy", stage.arguments(), down);
        await down.done();
        if (destroyed.outcome !== "succeeded") {
            await stage.succeeds("destroy", stage.arguments());
        }
        await stage.assertAsBefore();
    },
};

const engineKilled: Scenario = {
    name: "engine-killed",
    title: "the engine is killed in the rollout and in destroy (many more places: the kill campaign)",
    quick: false,
    bound: { ...noGaps, rollouts: 2, restarts: 4 },
    play: async (stage) => {
        await stage.run("up", stage.arguments(), { killAtMilliseconds: 9000 });
        await stage.succeeds("up", stage.arguments());
        await stage.assertHandedOver();
        await stage.run("destroy", stage.arguments(), { killAtMilliseconds: 5000 });
        await stage.succeeds("destroy", stage.arguments());
        await stage.assertAsBefore();
    },
};

export const others = [apiServerRestarted, engineKilled];
