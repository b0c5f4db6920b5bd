using System.Diagnostics;

namespace Granary.GrainInterfaces.Diagnostics;

/// <summary>
/// Named points between steps that are durable one by one, where a crash is worst. A crash test listens and ends or freezes
/// the process there; while nobody listens a point costs the reading of one field.
/// </summary>
/// <remarks>
/// The event's name is the point's. It is written on the thread that reached the point, before the next step begins: a
/// listener that stops the process there stops it between the two steps. Names are <c>what.where</c>, in lower case.
/// </remarks>
public static class FaultPoint
{
    /// <summary>Name of the <see cref="DiagnosticListener"/> that the events come from.</summary>
    public const string Source = "Granary.FaultPoints";

    private static readonly DiagnosticListener s_listener = new(Source);

    /// <summary>Says that a point was reached.</summary>
    /// <param name="point">Its name.</param>
    public static void Reached(string point)
    {
        if (s_listener.IsEnabled())
        {
            s_listener.Write(point, null);
        }
    }
}
