namespace Edge;

/// <summary>Something a user can put right: its message says what is wrong and what to do. The command line prints it without a stack.</summary>
public class EdgeException : Exception
{
    public EdgeException(string message) : base(message) { }
    public EdgeException(string message, Exception inner) : base(message, inner) { }
}
