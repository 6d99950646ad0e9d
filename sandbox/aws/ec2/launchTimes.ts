import { listParameter, type AwsRequest, type AwsResponse } from "../protocol";

/**
 * "The time that the instance was last launched": a start sets it again
 * (https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Instance.html). moto keeps the time of the first launch.
 */
export class LaunchTimes {
    private readonly started = new Map<string, string>();

    /** Notes a start, or shows those of before in the descriptions of instances. */
    public update({ action, parameters }: AwsRequest, answer: AwsResponse, now = new Date()): AwsResponse {
        if (answer.status !== 200) {
            return answer;
        }
        if (action === "StartInstances") {
            listParameter(parameters, "InstanceId").forEach((id) => this.started.set(id, now.toISOString()));
        }
        return action === "DescribeInstances" && this.started.size > 0
            ? { ...answer, body: this.shown(answer.body.toString()) }
            : answer;
    }

    private shown(body: string): string {
        return body.replace(
            /<instanceId>(i-[0-9a-f]+)<\/instanceId>(?:(?!<instanceId>).)*?<launchTime>[^<]*<\/launchTime>/gs,
            (description, id: string) => {
                const time = this.started.get(id);
                return time === undefined
                    ? description
                    : description.replace(/<launchTime>[^<]*</, `<launchTime>${time}<`);
            },
        );
    }
}
