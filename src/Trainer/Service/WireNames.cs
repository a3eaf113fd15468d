using System.Text.Json;
using Edge.Training.Service.Runs;

namespace Edge.Training.Service;

/// <summary>Names as topics, files and metrics carry them.</summary>
internal static class WireNames
{
    public static string Wire(this RunState state) => JsonNamingPolicy.KebabCaseLower.ConvertName(state.ToString());
    public static string Wire(this RunCause cause) => JsonNamingPolicy.KebabCaseLower.ConvertName(cause.ToString());
}
