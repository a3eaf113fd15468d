namespace Edge.Agent.Capture.Network;

/// <summary>What ffmpeg 4 to 7 writes to its standard error, put in words for whoever runs a line.</summary>
internal static class FfmpegErrors
{
    private static readonly (string Text, CameraCause Cause, string Words)[] Known =
    [
        ("401 Unauthorized", CameraCause.Credentials, "it refuses user and password (Source:CredentialsFile)"),
        ("403 Forbidden", CameraCause.Credentials, "the user may not see this stream"),
        ("404 Not Found", CameraCause.NotFound, "it has no such stream (Source:Url)"),
        ("Connection refused", CameraCause.Unreachable, "nobody listens at its port"),
        ("No route to host", CameraCause.Unreachable, "there is no route to it"),
        ("Network is unreachable", CameraCause.Unreachable, "the network is away"),
        ("resolve hostname", CameraCause.Unreachable, "its name is not known"),
        ("timed out", CameraCause.Unreachable, "it does not answer"),
        ("Unknown decoder", CameraCause.Codec, "its codec is not known to ffmpeg"),
        ("Could not find codec parameters", CameraCause.Codec, "its codec is not understood"),
        ("no decoder found", CameraCause.Codec, "its codec is not known to ffmpeg"),
        ("does not contain any stream", CameraCause.Codec, "it sends no video"),
        ("Invalid data found", CameraCause.Codec, "what it sends is no video that can be decoded"),
    ];

    /// <param name="stderr">What ffmpeg wrote, without credentials.</param>
    public static CameraException Explain(string address, string stderr)
    {
        foreach ((string text, CameraCause cause, string words) in Known)
            if (stderr.Contains(text, StringComparison.OrdinalIgnoreCase)) return new CameraException(cause, $"The stream {address} cannot be read: {words}.");
        string last = stderr.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).LastOrDefault() ?? "";
        return last.Length == 0
            ? new CameraException(CameraCause.Ended, $"The stream {address} has ended.")
            : new CameraException(CameraCause.Other, $"The stream {address} cannot be read: {last}");
    }
}
