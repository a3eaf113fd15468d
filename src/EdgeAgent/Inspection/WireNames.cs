using Edge.Scoring;

namespace Edge.Agent.Inspection;

/// <summary>Names as topics and metrics carry them: kebab-case, made once.</summary>
internal static class WireNames
{
    private static readonly string[] Verdicts = Make<Verdict>(), Reasons = Make<Reason>(), Cameras = Make<Capture.CameraState>(), Causes = Make<Capture.CameraCause>(),
        Models = Make<Agent.Models.ModelState>(), Troubles = Make<BrokerTrouble>(),
        Drifts = Make<Drift.DriftCause>(), Directions = Make<Drift.Direction>(), Judgements = Make<Reviews.Judgement>(), Deliveries = Make<Delivery.DeliveryTrouble>();

    public static string Wire(this Verdict verdict) => Verdicts[(int)verdict];
    public static string Wire(this Reason reason) => Reasons[(int)reason];
    public static string Wire(this Capture.CameraState state) => Cameras[(int)state];
    public static string Wire(this Capture.CameraCause cause) => Causes[(int)cause];

    public static string Wire(this Agent.Models.ModelState state) => Models[(int)state];

    public static string Wire(this Drift.DriftCause cause) => Drifts[(int)cause];
    public static string Wire(this Drift.Direction direction) => Directions[(int)direction];

    public static string Wire(this Reviews.Judgement judgement) => Judgements[(int)judgement];

    public static string Wire(this Delivery.DeliveryTrouble trouble) => Deliveries[(int)trouble];
    public static string Wire(this BrokerTrouble trouble) => Troubles[(int)trouble];

    private static string[] Make<T>() where T : struct, Enum =>
        [.. Enum.GetNames<T>().Select(System.Text.Json.JsonNamingPolicy.KebabCaseLower.ConvertName)];
}
