
namespace Edge.Agent.Capture.Network;

/// <summary>User and password of a network camera, from a file with the one line <c>user:password</c>.</summary>
internal sealed record CameraLogin(string User, string Password)
{
    /// <summary>As a part of a URL.</summary>
    public string Escaped => $"{Uri.EscapeDataString(User)}:{Uri.EscapeDataString(Password)}";

    /// <summary>Null when no file is named.</summary>
    /// <exception cref="CameraException">The file can't be read or is not understood.</exception>
    public static CameraLogin? Read(string? file)
    {
        if (file is null) return null;
        string text;
        try
        {
            text = CredentialFile.Read(file, "camera's credentials").TrimEnd('\r', '\n');
        }
        catch (EdgeException e)
        {
            throw new CameraException(CameraCause.Credentials, e.Message, e);
        }
        int colon = text.IndexOf(':', StringComparison.Ordinal);
        return colon > 0 && !text.Contains('\n', StringComparison.Ordinal)
            ? new CameraLogin(text[..colon], text[(colon + 1)..])
            : throw new CameraException(CameraCause.Credentials, $"The file {file} must hold one line: user:password");
    }

    /// <summary>The text without user and password.</summary>
    public string Hide(string text)
    {
        text = text.Replace(Escaped + "@", "", StringComparison.Ordinal);
        return Password.Length == 0 ? text : text.Replace(Password, "***", StringComparison.Ordinal);
    }

    /// <summary>Never printed.</summary>
    public override string ToString() => "***";
}
