import { EC2 } from "@aws-sdk/client-ec2";
import { EKS } from "@aws-sdk/client-eks";
import { IAM } from "@aws-sdk/client-iam";
import { World } from "./contract";
import { Api, startMoto } from "./moto";
import { ProviderClient } from "../../../providerClient";

/** Starting moto takes longer than most suites, so all suites of a run share one: names must be unique to a test. */
let sharedMoto: Promise<Api> | undefined;
after(async () => (await sharedMoto)?.stop());

/**
 * One provider for all tests of a file, on one AWS API for all files; call it in a `describe`.
 *
 * @param startOwnApi Starts another API, for this file alone.
 */
export function useWorld(startOwnApi?: () => Promise<Api>): () => World {
    let ownApi: Api | undefined;
    let world: World | undefined;

    before(async function () {
        this.timeout(120_000);
        ownApi = await startOwnApi?.();
        const api = ownApi ?? (await (sharedMoto ??= startMoto()));
        const options = {
            endpoint: api.url,
            region: "us-west-2",
            credentials: { accessKeyId: "test", secretAccessKey: "test" },
        };
        world = {
            endpoint: api.url,
            provider: await ProviderClient.start(api.url),
            iam: new IAM(options),
            eks: new EKS(options),
            ec2: new EC2(options),
        };
    });

    after(async () => {
        await world?.provider.stop();
        await ownApi?.stop();
    });

    return () => {
        if (world === undefined) {
            throw new Error("the world is made in `before`");
        }
        return world;
    };
}
