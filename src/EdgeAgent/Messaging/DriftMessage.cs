using Edge.Agent.Drift;
using Edge.Agent.Inspection;

namespace Edge.Agent.Messaging;

/// <summary>Retained on <c>drift</c>.</summary>
/// <param name="State">steady, drifted, or unknown: the package's calibration scores do not differ.</param>
/// <param name="Cause">product or camera; null unless drifted.</param>
/// <param name="Direction">higher, lower, wider or narrower than at calibration; null unless drifted.</param>
/// <param name="Since">When it was flagged.</param>
/// <param name="Parts">Accepted parts judged with this model.</param>
/// <param name="Calibration">Normal pictures that the package was calibrated with.</param>
/// <param name="Evidence">As of this message, logarithm to base 10.</param>
/// <param name="RejectStreak">Rejects in a row when there are as many as <c>Drift:RejectStreak</c>; else 0.</param>
internal sealed record DriftMessage(
    string State, string? Cause, string? Direction, DateTimeOffset? Since, string Model, int Version, long Parts, int Calibration, DriftEvidence Evidence, long RejectStreak)
{
    public static DriftMessage Of(DriftReport r)
    {
        bool drifted = r.Cause != DriftCause.None;
        return new(
            drifted ? "drifted" : r.CanTell ? "steady" : "unknown", drifted ? r.Cause.Wire() : null, drifted ? r.Direction.Wire() : null, r.Since, r.Model, r.Version, r.Parts, r.Calibration,
            new DriftEvidence(Math.Round(r.Score, 2), Math.Round(r.Brightness, 2), Math.Round(r.Sharpness, 2)), r.RejectStreak);
    }
}

/// <param name="Score">Of accepted parts; 6 = a value that parts without any change reach once in a million, on average at most.</param>
/// <param name="Brightness">Of the pictures the model sees.</param>
/// <param name="Sharpness">Of the pictures the model sees.</param>
internal sealed record DriftEvidence(double Score, double Brightness, double Sharpness);
