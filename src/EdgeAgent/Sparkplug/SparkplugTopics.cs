using Edge.Agent.Configuration;

namespace Edge.Agent.Sparkplug;

/// <summary>Specification, chapter 4.</summary>
internal sealed class SparkplugTopics(SparkplugOptions options, string line)
{
    private const string Namespace = "spBv1.0";

    private string Node => options.EdgeNodeId ?? line;

    public string NodeBirth => Of("NBIRTH");
    public string NodeDeath => Of("NDEATH");
    public string NodeCommand => Of("NCMD");

    /// <summary>Of the primary host; null when nobody is waited for.</summary>
    public string? HostState => options.PrimaryHost is { } host ? $"{Namespace}/STATE/{host}" : null;

    public string DeviceBirth(string device) => $"{Of("DBIRTH")}/{device}";
    public string DeviceDeath(string device) => $"{Of("DDEATH")}/{device}";
    public string DeviceData(string device) => $"{Of("DDATA")}/{device}";

    private string Of(string kind) => $"{Namespace}/{options.GroupId}/{kind}/{Node}";
}
